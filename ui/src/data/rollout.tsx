/** One source: how it stands, its pods and its stages, what would take a version back, what was. */

import type { ComponentChildren } from "preact";
import { useNow } from "../clock";
import { Ago, Clipped } from "../design/text";
import { LevelShape } from "../fleet/row";
import { count, span } from "../words";
import { DataBar } from "./bar";
import type { Rollout } from "./model";
import { Happenings, Quarantine, Versions } from "./past";
import { phaseSaid, standingSaid, tooMany, troublesOf, versionName } from "./standing";
import { Stages } from "./stages";

const SPOKEN: Record<Rollout["level"], string> = {
  ok: "",
  notice: "Notice: ",
  alarm: "Alarm: ",
  unknown: "",
};

export function RolloutCard({ rollout }: { rollout: Rollout }) {
  const id = `source-${rollout.namespace}-${rollout.name}`;
  const isCalm = rollout.level === "ok";
  const rules = (
    <>
      <Stages rollout={rollout} />
      <Facts rollout={rollout} />
    </>
  );
  return (
    <article class="rollout" aria-labelledby={id}>
      <header>
        <h2 id={id}>
          <bdi dir="auto">{rollout.source}</bdi>
        </h2>
        <span class="quiet">
          <bdi dir="auto">{rollout.namespace}</bdi>
        </span>
        <span class={`mark is-${rollout.level}`}>
          <LevelShape level={rollout.level} />
          <span class="hidden">{SPOKEN[rollout.level]}</span>
          <span>{phaseSaid(rollout)}</span>
        </span>
        {rollout.paused && <span class="tag">paused</span>}
        {rollout.pin && (
          <span class="tag">
            pinned to <bdi dir="auto">{versionName(rollout.pin)}</bdi>
          </span>
        )}
      </header>
      <p class="lead">{standingSaid(rollout)}</p>
      {rollout.message && (
        <p class="told">
          <Clipped text={rollout.message} />
        </p>
      )}
      {troublesOf(rollout).map(([title, one]) => (
        <p key={one.type} class="told is-alarm">
          <strong>{title}</strong>{" "}
          {one.since !== null && (
            <span class="quiet">
              <Ago at={one.since} />
            </span>
          )}{" "}
          <Clipped text={one.message} />
        </p>
      ))}
      <DataBar rollout={rollout} />
      {!isCalm && rules}
      <details class="more" open={!isCalm}>
        <summary>
          {isCalm && "Stages, "}
          {isCalm ? "versions" : "Versions"} and history
          <span class="hidden"> of {rollout.source}</span>
        </summary>
        {isCalm && rules}
        <div class="past">
          <div>
            <Versions rollout={rollout} />
            <Quarantine rollout={rollout} />
          </div>
          <Happenings history={rollout.history} />
        </div>
      </details>
    </article>
  );
}

/** The gates, with their numbers as they are, and what else decides how it goes on. */
function Facts({ rollout }: { rollout: Rollout }) {
  const { rules, users } = rollout;
  const limit = rules.failurePercent;
  return (
    <dl class="facts">
      <Fact name="Pods failing" isBad={tooMany(rollout.failing, users ?? 0, limit)}>
        <Share part={rollout.failing} of={users ?? 0} />
        {limit !== null && <small>limit: {limit} % of those with the candidate</small>}
      </Fact>
      {rollout.dependants > 0 && (
        <Fact
          name="Dependants failing"
          isBad={tooMany(rollout.failingDependants, rollout.dependants, limit)}
        >
          <Share part={rollout.failingDependants} of={rollout.dependants} />
          {limit !== null && <small>limit: {limit} %</small>}
        </Fact>
      )}
      {rules.probation && <Fact name="Probation">{rules.probation} a stage</Fact>}
      {rules.progressDeadline && <Fact name="Stalled after">{rules.progressDeadline}</Fact>}
      {rollout.quarantined > 0 && <Fact name="In quarantine">{count(rollout.quarantined)}</Fact>}
      {rollout.notBefore !== null && <BackOff until={rollout.notBefore} />}
    </dl>
  );
}

function Share({ part, of }: { part: number; of: number }) {
  return (
    <>
      {count(part)} <span class="quiet">of {count(of)}</span>
    </>
  );
}

function Fact(props: { name: string; isBad?: boolean; children: ComponentChildren }) {
  const { name, isBad = false, children } = props;
  return (
    <div class={isBad ? "is-bad" : ""}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Gone by itself when it is over. */
function BackOff({ until }: { until: number }) {
  const left = until - useNow();
  if (left <= 0) return null;
  return <Fact name="Next attempt">in {span(left)}</Fact>;
}
