/** The object's conditions: those that are not as they should be in full, the others behind one
click. */

import { Ago, Clipped } from "../design/text";
import { LevelShape } from "../fleet/row";
import type { Condition } from "../model";
import { conditionSaid, spaced } from "../reasons";
import { many } from "../words";

export function Conditions({ conditions }: { conditions: readonly Condition[] }) {
  const bad = conditions.filter((one) => !one.good);
  const good = conditions.filter((one) => one.good);
  return (
    <section class="conditions" aria-label="Conditions">
      {bad.length > 0 && (
        <ul>
          {bad.map((one) => (
            <Line key={one.type} condition={one} />
          ))}
        </ul>
      )}
      <details class="more">
        <summary>
          {many(good.length, "condition")} {good.length === 1 ? "is" : "are"} as{" "}
          {good.length === 1 ? "it" : "they"} should be
        </summary>
        <ul>
          {good.map((one) => (
            <Line key={one.type} condition={one} />
          ))}
        </ul>
      </details>
    </section>
  );
}

/** What somebody asked for needs no alarm. */
const ASKED_FOR = new Set(["DryRun", "Paused"]);

function Line({ condition }: { condition: Condition }) {
  const { type, status, reason, message, since, good } = condition;
  const level = good ? "ok" : ASKED_FOR.has(type) ? "notice" : "alarm";
  return (
    <li class={`is-${level}`}>
      <LevelShape level={level} />
      <strong>{good ? spaced(type) : conditionSaid(type, status)}</strong>
      <span class="quiet">
        {good && `${status}, `}
        {reason && reason !== type && `${spaced(reason).toLowerCase()}, `}
        {since !== null && <Ago at={since} />}
      </span>
      {message && (
        <p>
          <Clipped text={message} />
        </p>
      )}
    </li>
  );
}
