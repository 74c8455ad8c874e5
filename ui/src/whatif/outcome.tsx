/** What would differ, as a sentence and as a list of the hour's decisions. */

import { Ago, PodName } from "../design/text";
import type { Knob } from "../model";
import { actionSaid } from "../reasons";
import { listed, many, measured } from "../words";
import type { Replayed } from "./replay";
import type { Answer } from "./rule";

/** The difference in one sentence. */
export function differenceSaid(found: Replayed, minutes: number): string {
  if (minutes === 0) return "No minute has been kept yet: there is nothing to judge again.";
  const gone = found.decisions.filter(({ stands }) => stands === false).length;
  const parts = [
    ...(gone ? [`${many(gone, "decision")} would not have been made`] : []),
    ...(found.newPods
      ? [`${many(found.newPods, "pod")} would have been called outliers besides`]
      : []),
    ...(!gone && found.goneMinutes
      ? [`${many(found.goneMinutes, "minute")} would no longer be called an outlier's`]
      : []),
  ];
  return parts.length ? `${listed(parts)}.` : "Nothing would have differed.";
}

export function Outcome(props: { found: Replayed; knob: Knob; x: number; minutes: number }) {
  const { found, knob, x, minutes } = props;
  const same = x === knob.value;
  return (
    <div class="outcome">
      <p class="verdict" role="status">
        {same ? "Move a slider to see what would have differed." : differenceSaid(found, minutes)}
      </p>
      {found.unknownMinutes > 0 && !same && (
        <p class="quiet">
          {many(found.unknownMinutes, "minute")} cannot be told: the test was not made then, for the
          value was far below {measured(knob.value, knob.unit)}.
        </p>
      )}
      {found.decisions.length > 0 && (
        <ul class="verdicts" aria-label="Decisions judged again">
          {found.decisions.map(({ decision, stands }) => (
            <li key={decision.id}>
              <StandsMark stands={stands} />
              <span class="what">
                {actionSaid(decision.action)} <PodName name={decision.pod} />
              </span>
              <span class="quiet">
                <Ago at={decision.at} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function StandsMark({ stands }: { stands: Answer }) {
  const said = stands === null ? "not known" : stands ? "the same" : "would not have been";
  const path = stands === null ? "M4 8h8" : stands ? "M3 8.5 6.5 12 13 4.5" : "M4 4l8 8M12 4l-8 8";
  return (
    <span class={`stands is-${stands === null ? "unknown" : stands ? "same" : "gone"}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={path} />
      </svg>
      {said}
    </span>
  );
}
