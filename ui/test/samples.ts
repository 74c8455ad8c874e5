/** Values that the tests vary: a calm Service, a breaker of each kind, an hour's worth of nothing. */

import type {
  Answer,
  Breaker,
  Controller,
  Decision,
  History,
  Knob,
  Numbers,
  Pod,
  PodHistory,
  Service,
  ServiceRow,
  Watchdog,
} from "../src/model";

const CONTROLLER: Controller = {
  version: "1.0",
  identity: "here",
  leading: true,
  leader: "here",
  dryRun: false,
  synced: true,
  problem: "",
};

export const ANSWER: Answer = {
  at: 0,
  controller: CONTROLLER,
  access: "open",
  problem: "",
  more: false,
};

export function row(changes: Partial<ServiceRow> = {}): ServiceRow {
  return {
    namespace: "shop",
    name: "cart",
    service: "cart",
    level: "ok",
    headline: "Guarding",
    message: "",
    since: null,
    members: 10,
    serving: 10,
    ejected: 0,
    paused: 0,
    probation: 0,
    floor: 5,
    mayEject: 5,
    outliers: 0,
    dryRun: false,
    held: false,
    breakers: ["errors"],
    conditions: [],
    lastDecision: null,
    ...changes,
  };
}

export function service(changes: Partial<Service> = {}): Service {
  return {
    at: 1000,
    controller: CONTROLLER,
    row: row(),
    uid: "s1",
    generation: 1,
    createdAt: 0,
    stance: "guard",
    conditions: [],
    spec: {},
    budget: null,
    breakers: [],
    pods: [],
    kept: [],
    decisions: [],
    events: [],
    backtest: "",
    ...changes,
  };
}

/** A pod that breaker `errors` scored `value` at the instant `at`. */
export function member(state: Pod["state"], value: number, at: number): Pod {
  return {
    uid: "u1",
    name: "cart-1",
    group: "",
    state,
    ready: true,
    phase: "Running",
    node: "",
    createdAt: 0,
    startedAt: 0,
    retries: 0,
    returnedAt: null,
    probationUntil: null,
    ejection: null,
    scores: [{ breaker: "errors", at, judged: "fine", value, threshold: null, margin: null }],
    watchdogs: [],
  };
}

/** A watchdog that is probed and said so a minute ago. */
export function watchdog(name: string, level: string, changes: Partial<Watchdog> = {}): Watchdog {
  return { name, level, since: 40, message: "", expires: null, probed: true, ...changes };
}

export function knob(name: string, value: number, changes: Partial<Knob> = {}): Knob {
  return {
    name,
    field: `spec.breakers[0].${name}`,
    label: name,
    value,
    min: 0,
    max: 100,
    scale: "linear",
    unit: "",
    ...changes,
  };
}

export function breaker(detector: string, changes: Partial<Breaker> = {}): Breaker {
  return {
    name: "errors",
    detector,
    path: `spec.breakers[0].${detector}`,
    source: "main",
    queries: [],
    period: 5,
    window: 60,
    matches: { need: 2, of: 3 },
    holdFor: 0,
    warmUp: 60,
    unit: "",
    side: "above",
    relative: false,
    rule: "",
    knobs: [],
    fixed: {},
    answering: true,
    problem: "",
    ...changes,
  };
}

const UNKNOWN: Numbers = {
  value: null,
  threshold: null,
  score: null,
  margin: null,
  n: null,
  k: null,
  baseline: null,
  peers: null,
  p: null,
  alpha: null,
  window: null,
  factor: null,
  limit: null,
  bound: null,
};

export function numbers(changes: Partial<Numbers>): Numbers {
  return { ...UNKNOWN, ...changes };
}

export function decision(changes: Partial<Decision> = {}): Decision {
  return {
    id: "d1",
    at: 1000,
    action: "Ejected",
    pod: "cart-1",
    uid: "u1",
    breaker: "errors",
    reason: "Outlier",
    evidence: "",
    until: null,
    numbers: null,
    ...changes,
  };
}

export function pod(values: (number | null)[], judged: string): PodHistory {
  return { name: "cart-1", value: values, n: null, margin: null, judged, traffic: "s".repeat(values.length) };
}

/** Minutes from `start` on, with one breaker `errors` and one pod `u1`. */
export function history(start: number, values: (number | null)[], judged: string): History {
  const columns = values.map(() => 1);
  return {
    start,
    step: 60,
    minutes: values.length,
    span: 60,
    note: "",
    budget: {
      members: columns,
      serving: columns,
      ejected: columns,
      paused: columns,
      floor: columns,
      cap: columns,
    },
    breakers: {
      errors: {
        threshold: columns,
        baseline: columns,
        low: columns,
        middle: columns,
        high: columns,
        pods: { u1: pod(values, judged) },
      },
    },
  };
}
