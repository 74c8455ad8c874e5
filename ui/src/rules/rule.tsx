/** One rule: whether it is followed, when it triggers, what it does, and about which objects. */

import { Ago, Clipped } from "../design/text";
import { LevelShape } from "../fleet/row";
import type { About, Rule } from "./model";
import { Objects, States } from "./objects";
import { actionName, objectsSaid, standingSaid } from "./standing";

const SPOKEN: Record<Rule["level"], string> = {
  ok: "",
  notice: "Notice: ",
  alarm: "Alarm: ",
  unknown: "",
};

export function RuleCard({ rule, objects }: { rule: Rule; objects: readonly About[] }) {
  const id = `rule-${rule.name}`;
  return (
    <article class="rollout rule" aria-labelledby={id}>
      <header>
        <h2 id={id}>
          <bdi dir="auto">{rule.name}</bdi>
        </h2>
        <span class={`mark is-${rule.level}`}>
          <LevelShape level={rule.level} />
          <span class="hidden">{SPOKEN[rule.level]}</span>
          <span>{standingSaid(rule)}</span>
        </span>
        {rule.dryRun && <span class="tag">dry run</span>}
        {rule.needsApproval && <span class="tag">asks for approval</span>}
        {rule.weight !== 0 && <span class="tag">weight {rule.weight}</span>}
      </header>
      <p class="lead">{objectsSaid(rule)}</p>
      {rule.wrong.map((one) => (
        <p key={one.type} class="told is-alarm">
          <strong>It is not followed</strong>{" "}
          {one.since !== null && (
            <span class="quiet">
              <Ago at={one.since} />
            </span>
          )}{" "}
          <Clipped text={one.message} />
        </p>
      ))}
      {rule.wrong.length === 0 && !rule.ready && rule.message && (
        <p class="told">
          <Clipped text={rule.message} />
        </p>
      )}
      <dl class="says">
        <div>
          <dt>When</dt>
          {rule.conditions.map((text, n) => (
            <dd key={n}>
              <code>
                <bdi dir="auto">{text}</bdi>
              </code>
            </dd>
          ))}
        </div>
        <div>
          <dt>Then</dt>
          {rule.actions.length === 0 && <dd>it is only reported</dd>}
          {rule.actions.map((one, n) => (
            <dd key={n}>
              <code>{actionName(one.name)}</code>{" "}
              <span class="quiet">
                <bdi dir="auto">{one.params}</bdi>
              </span>
            </dd>
          ))}
        </div>
      </dl>
      <States rule={rule} />
      <Objects rule={rule} objects={objects} />
    </article>
  );
}
