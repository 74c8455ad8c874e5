/** The way of a version from the last known good one through its stages: what is over, where it is,
what is to come. */

import type { ComponentChildren } from "preact";
import { Ago } from "../design/text";
import { many } from "../words";
import type { Rollout, Stage } from "./model";
import { VersionName } from "./version";

export type Passed = "over" | "now" | "ahead";

export interface Step {
  percent: number;
  passed: Passed;
  /** Pods that it goes out to; null where nobody has counted them. */
  pods: number | null;
}

/** The stages in their order; where the rules are not known, the current one and the last. */
export function stepsOf(rollout: Rollout): Step[] {
  const { stage, users } = rollout;
  const known = rollout.rules.stages;
  const shares = known.length ? known : [...new Set([stage?.percent ?? 100, 100])];
  return shares.map((percent, n) => ({
    percent,
    passed: stage === null ? "ahead" : passedOf(percent, n, stage, known.length > 0),
    pods: users === null ? null : users - Math.floor(((100 - percent) * users) / 100),
  }));
}

function passedOf(percent: number, index: number, stage: Stage, isKnown: boolean): Passed {
  if (isKnown ? index === stage.index : percent === stage.percent) return "now";
  return index < stage.index ? "over" : "ahead";
}

const MARKS: Record<Passed, string> = {
  over: "M3 8.5 6.5 12 13 4.5",
  now: "M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3zM8 6.6a1.4 1.4 0 1 0 0 2.8 1.4 1.4 0 0 0 0-2.8z",
  ahead: "M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3z",
};
const HIDDEN: Record<Passed, string> = { over: "Over: ", now: "", ahead: "To come: " };

export function Stages({ rollout }: { rollout: Rollout }) {
  const { stage, lastKnownGood: good, candidate } = rollout;
  const isOut = candidate !== null && stage !== null && rollout.phase === "RollingOut";
  return (
    <ol class="stages" aria-label={`Stages of ${rollout.source}`}>
      <Item passed={isOut ? "over" : "now"} title="Last known good" current={!isOut}>
        {good ? <VersionName version={good} /> : <span class="quiet">none yet</span>}
        <Line>{many(rollout.onLastKnownGood, "pod")} asked to have it</Line>
      </Item>
      {stepsOf(rollout).map((step) => (
        <Item
          key={step.percent}
          passed={isOut ? step.passed : "ahead"}
          title={step.percent === 100 ? "All pods" : `${step.percent} % of the pods`}
          current={isOut && step.passed === "now"}
        >
          {isOut && step.passed === "now" ? (
            <Now rollout={rollout} stage={stage} />
          ) : (
            <Line>{step.pods === null ? "" : many(step.pods, "pod")}</Line>
          )}
        </Item>
      ))}
    </ol>
  );
}

function Now({ rollout, stage }: { rollout: Rollout; stage: Stage }) {
  return (
    <>
      {rollout.candidate && <VersionName version={rollout.candidate} />}
      <Line>
        {stage.needed === null
          ? `${rollout.proven} proven`
          : `${rollout.proven} of ${stage.needed} proven`}
        {rollout.rules.probation && ` for ${rollout.rules.probation}`}
      </Line>
      {stage.since !== null && (
        <Line>
          begun <Ago at={stage.since} />
        </Line>
      )}
    </>
  );
}

function Item(props: {
  passed: Passed;
  title: string;
  current: boolean;
  children: ComponentChildren;
}) {
  return (
    <li class={`is-${props.passed}`} aria-current={props.current ? "step" : undefined}>
      <svg class="step" viewBox="0 0 16 16" aria-hidden="true">
        <path d={MARKS[props.passed]} />
      </svg>
      <strong>
        <span class="hidden">{HIDDEN[props.passed]}</span>
        {props.title}
      </strong>
      <div>{props.children}</div>
    </li>
  );
}

function Line({ children }: { children: ComponentChildren }) {
  return <span class="quiet line">{children}</span>;
}
