/** Which Services are listed, and in what order. */

import type { ServiceRow } from "../model";
import { ails, isAtFloor, outOf, spareOf } from "./standing";

export const FILTERS = {
  all: { label: "All", holds: () => true },
  out: { label: "Pods out", holds: (row: ServiceRow) => outOf(row) > 0 },
  floor: { label: "At floor", holds: isAtFloor },
  alarm: { label: "Alarm", holds: (row: ServiceRow) => row.level === "alarm" },
  panicking: { label: "Panicking", holds: (row: ServiceRow) => ails(row, "Panicking") },
  failing: { label: "Source failing", holds: (row: ServiceRow) => ails(row, "SourcesAvailable") },
  paused: { label: "Paused", holds: (row: ServiceRow) => row.held || (row.paused ?? 0) > 0 },
  probation: { label: "Probation", holds: (row: ServiceRow) => row.probation > 0 },
  dry: { label: "Dry run", holds: (row: ServiceRow) => row.dryRun },
} as const satisfies Record<string, { label: string; holds: (row: ServiceRow) => boolean }>;
export type Filter = keyof typeof FILTERS;

export const SORTS = {
  out: "Most out",
  floor: "Closest to floor",
  name: "Name",
  last: "Last decision",
} as const;
export type Sort = keyof typeof SORTS;

export function filterOf(text: string | null): Filter {
  return text !== null && text in FILTERS ? (text as Filter) : "all";
}

export function sortOf(text: string | null): Sort {
  return text !== null && text in SORTS ? (text as Sort) : "out";
}

const names = new Intl.Collator("en", { numeric: true });

function byName(a: ServiceRow, b: ServiceRow): number {
  return names.compare(a.name, b.name) || names.compare(a.namespace, b.namespace);
}

function closeness(row: ServiceRow): number {
  return spareOf(row) ?? Infinity;
}

const ORDERS: Record<Sort, (a: ServiceRow, b: ServiceRow) => number> = {
  name: byName,
  out: (a, b) => outOf(b) - outOf(a) || RANK[a.level] - RANK[b.level] || byName(a, b),
  floor: (a, b) => difference(closeness(a), closeness(b)) || outOf(b) - outOf(a) || byName(a, b),
  last: (a, b) => (b.lastDecision?.at ?? 0) - (a.lastDecision?.at ?? 0) || byName(a, b),
};

const RANK: Record<ServiceRow["level"], number> = { alarm: 0, notice: 1, unknown: 2, ok: 3 };

/** a - b, where two infinite ones are equal. */
function difference(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

/** Rows whose namespace/name, Service or breakers hold each word of `search`, filtered, sorted. */
export function listing(
  rows: Iterable<ServiceRow>,
  search: string,
  filter: Filter,
  sort: Sort,
): ServiceRow[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found: ServiceRow[] = [];
  for (const row of rows) {
    if (!FILTERS[filter].holds(row)) continue;
    if (words.length) {
      const text = `${row.namespace}/${row.name} ${row.service} ${row.breakers.join(" ")}`;
      const lower = text.toLowerCase();
      if (!words.every((word) => lower.includes(word))) continue;
    }
    found.push(row);
  }
  return found.sort(ORDERS[sort]);
}
