/** How the Service stands: a sentence, its members as a large bar, and the budget's numbers. */

import { FleetBar } from "../fleet/bar";
import { Legend } from "../fleet/legend";
import { LevelMark } from "../fleet/row";
import { countsOf, outOf, spareOf } from "../fleet/standing";
import type { Service, ServiceRow } from "../model";
import { count, many } from "../words";

/** How it stands in one sentence. */
export function standingSaid(row: ServiceRow): string {
  if (row.members === null || row.serving === null) return "Its pods have not been counted yet.";
  if (row.members === 0) return "It has no pods.";
  const out = outOf(row);
  const waiting = row.members - row.serving - out;
  const first =
    out > 0
      ? `${count(out)} of ${many(row.members, "pod")} ${out === 1 ? "is" : "are"} out of traffic`
      : waiting > 0
        ? `${count(row.serving)} of ${many(row.members, "pod")} serve`
        : `${row.members === 1 ? "Its one pod serves" : `All ${count(row.members)} pods serve`}`;
  return `${first}; ${spareSaid(row)}.`;
}

function spareSaid(row: ServiceRow): string {
  const spare = spareOf(row);
  const floor = `the floor of ${count(row.floor ?? 0)}`;
  if (spare === null) return "its floor is not known";
  if (spare < 0) return `${count(-spare)} fewer than ${floor}`;
  if (spare === 0) return `${floor} is reached, so no more may be ejected`;
  if (row.dryRun) return `${count(spare)} above ${floor}`;
  const may = row.mayEject ?? spare;
  return may < spare
    ? `${count(spare)} above ${floor}, of which ${count(may)} may be ejected now`
    : `${count(spare)} more may be ejected before ${floor}`;
}

const JUDGING = new Set(["guard", "dry-run", "give-back", "hold"]);

/** True where its breakers judge, whether or not they may eject. */
export function isJudging(service: Service): boolean {
  return service.stance !== null && JUDGING.has(service.stance);
}

export function Standing({ name, service }: { name: string; service: Service | null }) {
  const row = service?.row;
  const counts = row ? countsOf(row) : null;
  return (
    <header class="standing">
      <div class="title">
        <h1>
          <bdi dir="auto">{name}</bdi>
        </h1>
        {row && <LevelMark row={row} />}
        {row?.dryRun && row.headline !== "DryRun" && <span class="tag">dry run</span>}
        {row?.held && <span class="tag">paused by annotation</span>}
      </div>
      {row && (
        <p class="lead" data-testid="standing">
          {standingSaid(row)}
          {row.dryRun && " In a dry run nothing is written to pods."}
        </p>
      )}
      {row && counts && (
        <>
          <FleetBar counts={counts} floor={row.floor} large />
          <Legend />
        </>
      )}
    </header>
  );
}
