/** The budget's line in words: its title, its legend and its reading. */

import { count, timeOfDay } from "../words";
import { Swatch } from "./readout";
import type { BudgetChart } from "./series";

/** A step's budget may have been noted a little after its scores. */
const LATE = 30;

/** The place of the latest budget that belongs to `at`; the last one of all without it. */
export function budgetIndex(times: readonly number[], at: number | undefined): number {
  const later = at === undefined ? -1 : times.findIndex((time) => time > at + LATE);
  return later === -1 ? times.length - 1 : Math.max(0, later - 1);
}

export function BudgetReading({ budget, at }: { budget: BudgetChart; at: number | undefined }) {
  const i = budgetIndex(budget.times, at);
  const serving = budget.serving[i];
  const floor = budget.floor[i];
  const time = budget.times[i];
  return (
    <div class="budget">
      <h3>Budget</h3>
      {serving != null && floor != null && time !== undefined && (
        <dl>
          <Figure name="members" class="is-members" dash={[]} value={budget.members[i] ?? null} />
          <Figure name="serving" class="is-serving" dash={[]} value={serving} />
          <Figure name="floor" class="is-threshold" dash={[2, 3]} value={floor} />
          <div>
            <dt>to spare</dt>
            <dd>{count(Math.max(0, serving - floor))}</dd>
          </div>
          <div class="quiet">
            <dt class="hidden">at</dt>
            <dd>{at === undefined ? "now" : timeOfDay(time)}</dd>
          </div>
        </dl>
      )}
    </div>
  );
}

function Figure(props: {
  name: string;
  class: string;
  dash: readonly number[];
  value: number | null;
}) {
  return (
    <div>
      <dt>
        <Swatch class={props.class} dash={props.dash} /> {props.name}
      </dt>
      <dd>{props.value === null ? "–" : count(props.value)}</dd>
    </div>
  );
}
