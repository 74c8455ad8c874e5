/** The cells of a fleet's bar, and what each state's cell looks like, without any drawing.

Serving pods stand on the left, so the distance from their last cell to the floor's line is what
the fleet can still spare. */

export interface Counts {
  serving: number;
  probation: number;
  waiting: number;
  ejected: number;
  paused: number;
}
export type Kind = keyof Counts;

/** Above so many members a cell stands for several pods. */
export const MOST_CELLS = 48;
const MOST_GAPS = 24;
export const HEIGHT = 20;
const STEP = 10;
const ORDER: readonly Kind[] = ["serving", "probation", "waiting", "paused", "ejected"];

export interface Bar {
  width: number;
  paths: Partial<Record<Kind, string>>;
  /** Lines between cells that stand for one pod each; "" where there are too many to see one. */
  gaps: string;
  floor: number | null;
}

/** Paths for the bar of a fleet in a box of `width` x HEIGHT; `floor` is the place of its line. */
export function barOf(counts: Counts, floor: number | null): Bar {
  const members = ORDER.reduce((sum, kind) => sum + counts[kind], 0);
  if (members === 0) return { width: STEP, paths: {}, gaps: "", floor: null };
  const single = members <= MOST_CELLS;
  const cells = single ? counts : shared(counts, members);
  const total = single ? members : MOST_CELLS;
  const paths: Partial<Record<Kind, string>> = {};
  let gaps = "";
  let at = 0;
  for (const kind of ORDER) {
    let path = "";
    for (let n = 0; n < cells[kind]; n += 1, at += 1) {
      path += cell(kind, at * STEP, (at + 1) * STEP);
      if (members <= MOST_GAPS && at > 0) gaps += `M${at * STEP} -1V${HEIGHT + 1}`;
    }
    if (path) paths[kind] = path;
  }
  const line = floor === null ? null : (Math.min(floor, members) / members) * total * STEP;
  return { width: total * STEP, paths, gaps, floor: line };
}

/** MOST_CELLS shared out by share; a state that any pod is in keeps at least one cell. */
export function shared(counts: Counts, members: number): Counts {
  const cells = { ...counts };
  let left = MOST_CELLS;
  for (const kind of ORDER) {
    const share = (counts[kind] / members) * MOST_CELLS;
    cells[kind] = counts[kind] > 0 ? Math.max(1, Math.floor(share)) : 0;
    left -= cells[kind];
  }
  const largest = ORDER.reduce((a, b) => (counts[b] > counts[a] ? b : a));
  cells[largest] += left;
  return cells;
}

/** Serving stands full; probation is filled from the ground to the half; paused is cut in two equal
bars; ejected is lifted off the ground; waiting is only a foot. */
function cell(kind: Kind, x: number, right: number): string {
  switch (kind) {
    case "serving":
      return `M${x} 0H${right}V20H${x}z`;
    case "probation":
      return `M${x} 9H${right}V20H${x}zM${x} 0H${right}V2.5H${x}z`;
    case "paused":
      return `M${x} 0H${right}V8H${x}zM${x} 12H${right}V20H${x}z`;
    case "ejected":
      return `M${x} -2H${right}V9H${x}zM${x} 17.5H${right}V20H${x}z`;
    case "waiting":
      return `M${x} 17.5H${right}V20H${x}z`;
  }
}
