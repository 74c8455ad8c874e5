/** Colours of the page for what is painted on a canvas, and the marks on the time axis. */

import type uPlot from "uplot";
import type { Decision } from "../model";

export interface Paints {
  ink: string;
  faint: string;
  rule: string;
  surface: string;
  band: string;
  accent: string;
  serving: string;
  ejected: string;
  paused: string;
  probation: string;
  pods: string[];
  font: string;
}

/** The page's colours as they are now, light or dark. */
export function paints(element: HTMLElement): Paints {
  const probe = document.createElement("i");
  element.append(probe);
  const resolved = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const found: Paints = {
    ink: resolved("ink"),
    faint: resolved("ink-3"),
    rule: resolved("rule"),
    surface: resolved("surface"),
    band: resolved("band"),
    accent: resolved("accent"),
    serving: resolved("serving-ink"),
    ejected: resolved("ejected"),
    paused: resolved("paused"),
    probation: resolved("probation"),
    pods: [0, 1, 2, 3, 4, 5].map((n) => resolved(`pod-${n}`)),
    font: `12px ${getComputedStyle(element).fontFamily}`,
  };
  probe.remove();
  return found;
}

/** Dashes of the lines that are told apart, so that colour is not all that does. */
export const DASHES: readonly number[][] = [[], [7, 3], [2, 3], [10, 3, 2, 3], [4, 4], [1, 2]];

export const LANE = 22;

/** Draws the decisions below the plot: a filled eject sign, a hollow one in a dry run, a hollow
triangle for a return, a diamond for an outlier kept in traffic, two bars for a pause, a cross for a
termination. */
export function drawMarks(u: uPlot, marks: readonly Decision[], chosen: string, by: Paints): void {
  const { ctx, bbox } = u;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.setLineDash([]);
  for (const mark of marks) {
    const x = Math.round(u.valToPos(mark.at, "x", true));
    if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) continue;
    const y = bbox.top + bbox.height + 11 * scale;
    const colour = colourOf(mark.action, by);
    if (isOut(mark.action) || mark.id === chosen) {
      ctx.strokeStyle = colour;
      ctx.globalAlpha = mark.id === chosen ? 0.9 : 0.35;
      ctx.lineWidth = scale;
      ctx.beginPath();
      ctx.moveTo(x + 0.5, bbox.top);
      ctx.lineTo(x + 0.5, bbox.top + bbox.height);
      ctx.stroke();
      ctx.globalAlpha = 1;
    }
    ctx.fillStyle = colour;
    ctx.strokeStyle = colour;
    ctx.lineWidth = 1.5 * scale;
    shape(ctx, mark.action, x, y, (mark.id === chosen ? 6.5 : 5) * scale);
  }
  ctx.restore();
}

function isOut(action: string): boolean {
  return action === "Ejected" || action === "Paused" || action === "Terminated";
}

function colourOf(action: string, by: Paints): string {
  if (action === "Ejected" || action === "Terminated") return by.ejected;
  if (action === "Paused") return by.paused;
  return action.includes("eturned") ? by.serving : by.faint;
}

function shape(ctx: CanvasRenderingContext2D, action: string, x: number, y: number, r: number): void {
  ctx.beginPath();
  if (action === "Ejected" || action === "WouldEject") {
    ctx.moveTo(x, y - r);
    ctx.lineTo(x + r, y + r * 0.35);
    ctx.lineTo(x - r, y + r * 0.35);
    ctx.closePath();
    ctx.rect(x - r, y + r * 0.65, 2 * r, r * 0.45);
    if (action === "Ejected") ctx.fill();
    else ctx.stroke();
  } else if (action === "Paused") {
    ctx.rect(x - r * 0.8, y - r, r * 0.55, 2 * r);
    ctx.rect(x + r * 0.25, y - r, r * 0.55, 2 * r);
    ctx.fill();
  } else if (action === "Terminated") {
    ctx.moveTo(x - r, y - r);
    ctx.lineTo(x + r, y + r);
    ctx.moveTo(x + r, y - r);
    ctx.lineTo(x - r, y + r);
    ctx.stroke();
  } else if (action.includes("eturned")) {
    ctx.moveTo(x - r, y - r * 0.7);
    ctx.lineTo(x + r, y - r * 0.7);
    ctx.lineTo(x, y + r * 0.9);
    ctx.closePath();
    ctx.stroke();
  } else {
    ctx.moveTo(x, y - r);
    ctx.lineTo(x + r, y);
    ctx.lineTo(x, y + r);
    ctx.lineTo(x - r, y);
    ctx.closePath();
    ctx.stroke();
  }
}

/** The mark under `left` CSS pixels of the plot, the nearest within ten. */
export function markAt(u: uPlot, marks: readonly Decision[], left: number): Decision | null {
  let found: Decision | null = null;
  let nearest = 10;
  for (const mark of marks) {
    const away = Math.abs(u.valToPos(mark.at, "x") - left);
    if (away < nearest) [found, nearest] = [mark, away];
  }
  return found;
}
