/** The bar of a source's pods by the version that each has, without any drawing.

The candidate stands on the left and grows to the right, towards the lines of its stages. */

import type { Rollout } from "./model";

export type Kind = "proven" | "trying" | "other" | "good";

export const WIDTH = 1000;
export const HEIGHT = 20;
const ORDER: readonly Kind[] = ["proven", "trying", "other", "good"];
const LEAST = WIDTH / 48;
const MOST_GAPS = 24;

export type Counts = Record<Kind, number>;

/** Pods by what they have; null where nobody has counted them. */
export function countsOf(rollout: Rollout): Counts | null {
  const { users, onLastKnownGood: good, onCandidate: asked } = rollout;
  if (users === null) return null;
  const proven = Math.min(rollout.proven, asked);
  return { proven, trying: asked - proven, other: Math.max(0, users - good - asked), good };
}

export interface Bar {
  paths: Partial<Record<Kind, string>>;
  gaps: string;
}

/** Paths in a box of WIDTH x HEIGHT; what is there at all can be seen. */
export function barOf(counts: Counts): Bar {
  const total = ORDER.reduce((sum, kind) => sum + counts[kind], 0);
  const paths: Partial<Record<Kind, string>> = {};
  if (total === 0) return { paths, gaps: "" };
  const there = ORDER.filter((kind) => counts[kind] > 0);
  const widths = there.map((kind) => Math.max(LEAST, (counts[kind] / total) * WIDTH));
  const scale = WIDTH / widths.reduce((sum, width) => sum + width, 0);
  let at = 0;
  let gaps = "";
  there.forEach((kind, n) => {
    const right = at + (widths[n] ?? 0) * scale;
    paths[kind] = shape(kind, round(at), round(right));
    const cuts = total <= MOST_GAPS ? counts[kind] : 1;
    for (let cut = 0; cut < cuts; cut += 1) {
      const x = at + ((right - at) * cut) / cuts;
      if (x > 0) gaps += `M${round(x)} -1V${HEIGHT + 1}`;
    }
    at = right;
  });
  return { paths, gaps };
}

/** Where a stage's line is: so many pods must have the candidate for it; null at either end. */
export function markAt(percent: number, users: number): number | null {
  const needed = users - Math.floor(((100 - percent) * users) / 100);
  return needed <= 0 || needed >= users ? null : round((needed / users) * WIDTH);
}

/** The last known good version stands full; a candidate is filled to the half while it is on
probation and almost whole when it is proven; any other version is only a foot. */
function shape(kind: Kind, x: number, right: number): string {
  switch (kind) {
    case "good":
      return `M${x} 0H${right}V20H${x}z`;
    case "proven":
      return `M${x} 4.5H${right}V20H${x}zM${x} 0H${right}V2.5H${x}z`;
    case "trying":
      return `M${x} 11H${right}V20H${x}zM${x} 0H${right}V2.5H${x}z`;
    case "other":
      return `M${x} 17H${right}V20H${x}z`;
  }
}

function round(x: number): number {
  return Math.round(x * 10) / 10;
}
