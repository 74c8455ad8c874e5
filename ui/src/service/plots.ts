/** The two plots of a Service: its pods' scores, and its budget beneath on the same time axis. */

import uPlot from "uplot";
import type { Decision } from "../model";
import { measured } from "../words";
import { DASHES, drawMarks, LANE, type Paints } from "./paint";
import type { BudgetChart, Chart, Drawn } from "./series";

const LEFT = 52;
const HOUR_MINUTE = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const WITH_SECONDS = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/** A threshold that was tried, drawn besides the one in force. */
export type Tried = readonly Drawn[] | null;

export function scoreData(chart: Chart, tried: Tried): uPlot.AlignedData {
  return [
    chart.times,
    chart.high,
    chart.low,
    ...chart.others.map((line) => line.values),
    ...chart.told.map((line) => line.values),
    chart.threshold,
    ...(tried ? [[...tried]] : []),
  ];
}

export interface Look {
  width: number;
  height: number;
  unit: string;
  by: Paints;
  marks: () => { decisions: readonly Decision[]; chosen: string };
  /** Where the pod was called an outlier, by the data that is drawn. */
  outliers: (uid: string) => readonly boolean[];
  /** The latest instant that the time axis must reach. */
  until: () => number;
  moved: (index: number | null) => void;
}

export function scorePlot(chart: Chart, tried: Tried, look: Look): uPlot.Options {
  const { by } = look;
  const quiet = Math.max(0.16, Math.min(0.55, 6 / Math.max(1, chart.others.length)));
  const edge: uPlot.Series = { stroke: "transparent", points: { show: false } };
  return {
    ...common(look),
    series: [
      {},
      { ...edge, label: "high" },
      { ...edge, label: "low" },
      ...chart.others.map((line) => ({
        label: line.name,
        stroke: by.faint,
        alpha: quiet,
        width: 1,
        points: lone(by.faint),
      })),
      ...chart.told.map((line, n) => ({
        label: line.name,
        stroke: by.pods[n] ?? by.ink,
        width: 2,
        dash: DASHES[n] ?? [],
        points: outliers(by.pods[n] ?? by.ink, () => look.outliers(line.uid)),
      })),
      { label: "threshold", stroke: by.ink, width: 1.5, dash: [6, 4], points: { show: false } },
      ...(tried ? [{ label: "tried", stroke: by.accent, width: 2, points: { show: false } }] : []),
    ],
    bands: [{ series: [1, 2], fill: by.band }],
    axes: [timeAxis(look, LANE + 4), valueAxis(look, look.unit)],
    padding: [8, 12, 0, 0],
  };
}

export function budgetData(chart: BudgetChart): uPlot.AlignedData {
  return [chart.times, chart.members, chart.serving, chart.floor];
}

export function budgetPlot(look: Look): uPlot.Options {
  const { by } = look;
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  const line = (label: string, stroke: string, more: Partial<uPlot.Series>): uPlot.Series => ({
    label,
    stroke,
    points: { show: false },
    ...(stepped ? { paths: stepped } : {}),
    ...more,
  });
  return {
    ...common(look),
    series: [
      {},
      line("members", by.faint, { width: 1, alpha: 0.7 }),
      line("serving", by.serving, { width: 2 }),
      line("floor", by.ink, { width: 1.5, dash: [2, 3] }),
    ],
    bands: [{ series: [2, 3], fill: by.band }],
    axes: [{ ...timeAxis(look, 0), show: false }, valueAxis(look, "")],
    padding: [8, 12, 6, 0],
    hooks: {}, // the other plot draws the marks and tells of the cursor
  };
}

function common(look: Look): Pick<
  uPlot.Options,
  "width" | "height" | "legend" | "cursor" | "scales" | "hooks"
> {
  return {
    width: look.width,
    height: look.height,
    legend: { show: false },
    cursor: {
      sync: { key: "service", setSeries: false },
      drag: { x: false, y: false, setScale: false },
      points: { size: 7 },
      y: false,
    },
    scales: {
      x: { time: true, range: (u) => spanOf(u.data[0], look.until()) },
      y: { range: fromZero },
    },
    hooks: {
      draw: [
        (u) => {
          const { decisions, chosen } = look.marks();
          drawMarks(u, decisions, chosen, look.by);
        },
      ],
      setCursor: [(u) => look.moved(u.cursor.idx ?? null)],
    },
  };
}

/** All of it, and a minute at least: a single instant would have no width. */
function spanOf(times: ArrayLike<number>, until: number): uPlot.Range.MinMax {
  const last = Math.max(times[times.length - 1] ?? 0, until);
  return [Math.min(times[0] ?? last, last - 60), last];
}

function fromZero(_: uPlot, low: number | null, high: number | null): uPlot.Range.MinMax {
  const top = high ?? 1;
  const bottom = Math.min(0, low ?? 0);
  return [bottom * 1.08, top > 0 ? top * 1.08 : bottom === 0 ? 1 : 0];
}

/** A point wherever the detector called the pod an outlier. */
function outliers(colour: string, called: () => readonly boolean[]): uPlot.Series.Points {
  return {
    size: 6,
    fill: colour,
    show: true,
    filter: () => called().flatMap((is, i) => (is ? [i] : [])),
  };
}

/** A point where a value has no neighbours to draw a line to. */
function lone(colour: string): uPlot.Series.Points {
  return {
    size: 4,
    fill: colour,
    show: (u, series, from, to) => {
      const values = u.data[series] ?? [];
      let known = 0;
      for (let i = from; i <= to && known < 2; i += 1) known += values[i] == null ? 0 : 1;
      return known === 1;
    },
  };
}

function timeAxis(look: Look, gap: number): uPlot.Axis {
  return {
    stroke: look.by.faint,
    font: look.by.font,
    grid: { show: false },
    ticks: { show: false },
    gap,
    size: gap + 20,
    space: 84,
    values: (u, splits) => {
      const { min = 0, max = 0 } = u.scales["x"] ?? {};
      const words = (max ?? 0) - (min ?? 0) < 300 ? WITH_SECONDS : HOUR_MINUTE;
      return splits.map((at) => words.format(at * 1000));
    },
  };
}

function valueAxis(look: Look, unit: string): uPlot.Axis {
  return {
    stroke: look.by.faint,
    font: look.by.font,
    size: LEFT,
    gap: 6,
    space: 34,
    grid: { stroke: look.by.rule, width: 1 },
    ticks: { show: false },
    values: (_, splits) => splits.map((value) => measured(value) + (unit === "%" ? " %" : "")),
  };
}
