/** How a Service stands, from its row: the numbers that the fleet's page counts and sorts by. */

import type { ServiceRow } from "../model";
import { count, many } from "../words";
import type { Counts } from "./cells";

/** Members by what they do; null where nobody has counted them yet. */
export function countsOf(row: ServiceRow): Counts | null {
  const { members, serving, ejected, paused, probation } = row;
  if (members === null || serving === null) return null;
  const out = { ejected: ejected ?? 0, paused: paused ?? 0 };
  return {
    serving: Math.max(0, serving - probation),
    probation: Math.min(probation, serving),
    waiting: Math.max(0, members - serving - out.ejected - out.paused),
    ...out,
  };
}

export function outOf(row: ServiceRow): number {
  return (row.ejected ?? 0) + (row.paused ?? 0);
}

/** How many serving pods lie above the floor, negative below it; null where not counted. */
export function spareOf(row: ServiceRow): number | null {
  return row.serving === null || row.floor === null ? null : row.serving - row.floor;
}

/** True below the floor, and where pods that are out or not Ready have brought the Service down to
it. One that serves with all its members and has no more than its floor has nothing to spare by
design, and is not counted. */
export function isAtFloor(row: ServiceRow): boolean {
  const spare = spareOf(row);
  if (spare === null || row.members === null || row.floor === null) return false;
  return spare < 0 || (spare === 0 && row.members > row.floor);
}

/** True where the condition of that type is not as it should be. */
export function ails(row: ServiceRow, type: string): boolean {
  return row.conditions.some((one) => one.type === type && !one.good);
}

export interface Totals {
  services: number;
  members: number;
  serving: number;
  out: number;
  servicesWithOut: number;
  atFloor: number;
  panicking: number;
  failing: number;
}

export function totalsOf(rows: Iterable<ServiceRow>): Totals {
  const sum: Totals = {
    services: 0,
    members: 0,
    serving: 0,
    out: 0,
    servicesWithOut: 0,
    atFloor: 0,
    panicking: 0,
    failing: 0,
  };
  for (const row of rows) {
    const out = outOf(row);
    sum.services += 1;
    sum.members += row.members ?? 0;
    sum.serving += row.serving ?? 0;
    sum.out += out;
    sum.servicesWithOut += out > 0 ? 1 : 0;
    sum.atFloor += isAtFloor(row) ? 1 : 0;
    sum.panicking += ails(row, "Panicking") ? 1 : 0;
    sum.failing += ails(row, "SourcesAvailable") ? 1 : 0;
  }
  return sum;
}

/** The fleet in one sentence. */
export function headline(sum: Totals): string {
  if (sum.services === 0) return "Nothing is guarded yet";
  const where = `${count(sum.servicesWithOut)} of ${many(sum.services, "Service")}`;
  if (sum.out > 0) return `${many(sum.out, "pod")} out of traffic in ${where}`;
  const waiting = sum.members - sum.serving;
  if (waiting > 0) return `Nobody is ejected; ${many(waiting, "pod")} not ready`;
  return `All ${many(sum.members, "pod")} serve in ${many(sum.services, "Service")}`;
}
