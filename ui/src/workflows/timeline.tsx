/** The way of a workflow through its phases, the longer the wider, and then those that may follow. */

import { useNow } from "../clock";
import { FoldedHappenings, Happened } from "../design/happenings";
import { Ago } from "../design/text";
import { spaced } from "../reasons";
import { span } from "../words";
import type { Kind, Passed, Workflow } from "./model";
import { stepsOf, type Step } from "./standing";

const SHOWN = 6;
const HIDDEN: Record<Step["state"], string> = { over: "Over: ", now: "Now: ", ahead: "May follow: " };

export function Timeline({ one, kind }: { one: Workflow; kind: Kind | undefined }) {
  const steps = stepsOf(one, kind, SHOWN);
  if (steps.length === 0) return null;
  return (
    <ol class={`passage is-${one.level}`} aria-label={`Phases of ${one.name}`}>
      {steps.map((step, n) =>
        step.state === "now" && step.begun !== null && !one.complete ? (
          <Lasting key={n} step={step} since={step.begun} />
        ) : (
          <Part key={n} step={step} seconds={step.lasted} />
        ),
      )}
    </ol>
  );
}

/** Drawn once a second: it grows. */
function Lasting({ step, since }: { step: Step; since: number }) {
  return <Part step={step} seconds={useNow() - since} />;
}

/** `seconds` is how long it lasted so far, null where there is no telling or no end. */
function Part({ step, seconds }: { step: Step; seconds: number | null }) {
  const { phase, state, begun } = step;
  return (
    <li
      class={`is-${state}`}
      aria-current={state === "now" ? "step" : undefined}
      style={{ flexGrow: seconds === null ? 1 : Math.max(1, Math.sqrt(seconds)) }}
    >
      <strong title={phase}>
        <span class="hidden">{HIDDEN[state]}</span>
        <bdi dir="auto">{spaced(phase)}</bdi>
      </strong>
      <span class="quiet line">
        {seconds !== null && (state === "now" ? `for ${span(seconds)}` : span(seconds))}
        {seconds === null && state === "now" && begun !== null && <Ago at={begun} />}
        {state === "ahead" && "may follow"}
      </span>
    </li>
  );
}

/** Every phase that it came to, the newest first, and why. */
export function Passage({ name, passed }: { name: string; passed: readonly Passed[] }) {
  if (passed.length === 0) return null;
  return (
    <FoldedHappenings to={name}>
      {[...passed].reverse().map((one, n) => (
        <Happened key={n} at={one.at} message={one.message}>
          <strong>
            <bdi dir="auto">{spaced(one.phase)}</bdi>
          </strong>
        </Happened>
      ))}
    </FoldedHappenings>
  );
}
