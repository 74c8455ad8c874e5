/** One workflow: where it is, what comes next, what is wrong, and how it came there. */

import { useNow } from "../clock";
import { Ago, Clipped } from "../design/text";
import { LevelShape } from "../fleet/row";
import { spaced } from "../reasons";
import { many } from "../words";
import type { Kind, Workflow } from "./model";
import { keyOf, phaseSaid, standingSaid } from "./standing";
import { Passage, Timeline } from "./timeline";

const SPOKEN: Record<Workflow["level"], string> = {
  ok: "",
  notice: "Notice: ",
  alarm: "Alarm: ",
  unknown: "",
};

export function WorkflowCard({ one, kind }: { one: Workflow; kind: Kind | undefined }) {
  const id = `workflow-${keyOf(one)}`;
  return (
    <article class="rollout workflow" aria-labelledby={id}>
      <header>
        <h2 id={id}>
          <bdi dir="auto">{one.name}</bdi>
        </h2>
        <span class="quiet">
          <bdi dir="auto">
            {one.kind} in {one.namespace}
          </bdi>
        </span>
        <span class={`mark is-${one.level}`}>
          <LevelShape level={one.level} />
          <span class="hidden">{SPOKEN[one.level]}</span>
          <span>{phaseSaid(one)}</span>
        </span>
        {one.deleting && <span class="tag">being deleted</span>}
      </header>
      <Lead one={one} kind={kind} />
      {one.message && (
        <p class="told">
          <Clipped text={one.message} />
        </p>
      )}
      {one.wrong.map((wrong) => (
        <p key={wrong.type} class="told is-alarm">
          <strong>{spaced(wrong.reason || "NotReady")}</strong>{" "}
          <span class="quiet">
            {wrong.since !== null && <Ago at={wrong.since} />}
            {one.failures > 1 && `, ${many(one.failures, "sync", "syncs")} in a row`}
          </span>{" "}
          <Clipped text={wrong.message} />
        </p>
      ))}
      <Timeline one={one} kind={kind} />
      {one.says.length > 0 && (
        <dl class="facts">
          {one.says.map(({ name, value }) => (
            <div key={name}>
              <dt>{spaced(name)}</dt>
              <dd>
                <Clipped text={value} most={60} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      <Passage name={one.name} passed={one.passed} />
    </article>
  );
}

/** Drawn once a second: it tells how long until a phase is over. */
function Lead({ one, kind }: { one: Workflow; kind: Kind | undefined }) {
  const said = standingSaid(one, kind, useNow());
  return said ? <p class="lead">{said}</p> : null;
}
