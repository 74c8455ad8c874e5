/** A shape for each state and each kind of decision, so that none is told by its colour alone. */

import type { PodState } from "../model";

/** What a decision was, where it is not the state that it led to. */
export type Shape = PodState | "returned" | "kept" | "would";

const PATHS: Record<Shape, string> = {
  serving: "M8 3.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6z",
  probation: "M8 3a5 5 0 1 0 0 10zM8 3a5 5 0 0 1 0 10v-1.6a3.4 3.4 0 0 0 0-6.8z",
  ejected: "M8 2.6 13.6 9H2.4zM2.4 11h11.2v2.4H2.4z",
  ejecting: "M8 2.6 13.6 9H2.4zM2.4 11h4v2.4h-4zM9.6 11h4v2.4h-4z",
  paused: "M3.6 3h3.2v10H3.6zM9.2 3h3.2v10H9.2z",
  held: "M4.5 7V5a3.5 3.5 0 0 1 7 0v2h1v6.4h-9V7zM6.3 7h3.4V5a1.7 1.7 0 0 0-3.4 0z",
  waiting: "M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3zm0 1.6a3.4 3.4 0 1 1 0 6.8 3.4 3.4 0 0 1 0-6.8z",
  terminating:
    "m4.2 2.8 3.8 3.8 3.8-3.8 1.4 1.4L9.4 8l3.8 3.8-1.4 1.4L8 9.4l-3.8 3.8-1.4-1.4L6.6 8 2.8 4.2z",
  returned: "M2 3.5h12L8 13.6zM4.9 5.2 8 10.4l3.1-5.2z",
  kept: "M8 1.8 14.2 8 8 14.2 1.8 8zM8 4.2 4.2 8 8 11.8 11.8 8z",
  would: "M8 2.6 13.6 9H2.4zM8 5.1 6 7.4h4zM2.4 11h11.2v2.4H2.4z",
};

const STATES: Record<PodState, string> = {
  serving: "serving",
  probation: "probation",
  ejected: "ejected",
  ejecting: "ejecting",
  paused: "paused",
  held: "held by hand",
  waiting: "not ready",
  terminating: "terminating",
};

/** The shape alone; what stands beside it must say the word. */
export function StateShape({ state }: { state: Shape }) {
  return (
    <svg class={`shape is-${state}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[state]} fill-rule="evenodd" />
    </svg>
  );
}

export function StateName({ state }: { state: PodState }) {
  return (
    <span class={`state is-${state}`}>
      <StateShape state={state} />
      {STATES[state]}
    </span>
  );
}
