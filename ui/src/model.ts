/** What the server answers. Instants are Unix seconds by the controller's clock, lengths seconds. */

export type Num = number | null;
export type Level = "ok" | "notice" | "alarm" | "unknown";
export type PodState =
  | "serving"
  | "probation"
  | "ejected"
  | "paused"
  | "held"
  | "waiting"
  | "ejecting"
  | "terminating";
export type Judged = "fine" | "outlier" | "inconclusive";

export interface Key {
  namespace: string;
  name: string;
}

export interface Controller {
  version: string;
  identity: string;
  leading: boolean;
  leader: string | null;
  dryRun: boolean;
  synced: boolean;
  problem: string;
}

/** What an answer that is asked for again and again has beside its lists: `more` than fit. */
export interface Answer {
  at: number;
  controller: Controller;
  /** Why there is nothing to see, as `problem` says in a sentence: `open` where there would be. */
  access: "open" | "absent" | "forbidden" | "failed";
  problem: string;
  more: boolean;
}

export interface Fleet {
  at: number;
  controller: Controller;
  services: ServiceRow[];
}

export interface FleetChanges {
  at: number;
  controller: Controller;
  changed: ServiceRow[];
  removed: Key[];
}

export interface ServiceRow extends Key {
  service: string;
  level: Level;
  headline: string;
  message: string;
  since: Num;
  members: Num;
  serving: Num;
  ejected: Num;
  paused: Num;
  probation: number;
  floor: Num;
  mayEject: Num;
  outliers: number;
  dryRun: boolean;
  held: boolean;
  breakers: string[];
  conditions: Condition[];
  lastDecision: LastDecision | null;
  out?: OutPod[];
}

export interface LastDecision {
  at: number;
  action: string;
  pod: string;
  reason: string;
}

export interface OutPod {
  pod: string;
  uid: string;
  state: PodState;
  breaker: string;
  at: Num;
  until: Num;
  evidence: string;
}

export interface Condition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason: string;
  message: string;
  since: Num;
  good: boolean;
}

export interface Service {
  at: number;
  controller: Controller;
  row: ServiceRow;
  uid: string;
  generation: number;
  createdAt: number;
  stance: string | null;
  conditions: Condition[];
  spec: unknown;
  budget: Budget | null;
  breakers: Breaker[];
  pods: Pod[];
  podsLeftOut?: number;
  kept: Kept[];
  decisions: Decision[];
  events: KubeEvent[];
  backtest: string;
}

export interface Budget {
  members: number;
  serving: number;
  out: number;
  floor: number;
  cap: number;
  mayEject: number;
  said: string;
}

export interface Pod {
  uid: string;
  name: string;
  group: string;
  state: PodState;
  ready: boolean;
  phase: string;
  node: string;
  createdAt: number;
  startedAt: Num;
  retries: number;
  returnedAt: Num;
  probationUntil: Num;
  ejection: Ejection | null;
  scores: Score[];
  watchdogs: Watchdog[];
}

/** A watchdog of a pod and its last word; `level` is `Unknown` where it has not spoken. */
export interface Watchdog {
  name: string;
  level: string;
  since: Num;
  message: string;
  expires: Num;
  probed: boolean;
}

export interface Ejection {
  id: string;
  breaker: string;
  at: Num;
  until: Num;
  reason: string;
  evidence: string;
}

export interface Score {
  breaker: string;
  at: number;
  judged: Judged;
  value: Num;
  threshold: Num;
  margin: Num;
}

export interface Kept {
  pod: string;
  uid: string;
  breaker: string;
  since: number;
  reason: string;
  evidence: string;
}

export interface Decision {
  id: string;
  at: number;
  action: string;
  pod: string;
  uid: string;
  breaker: string;
  reason: string;
  evidence: string;
  until: Num;
  numbers: Numbers | null;
}

export interface Numbers {
  value: Num;
  threshold: Num;
  score: Num;
  margin: Num;
  n: Num;
  k: Num;
  baseline: Num;
  peers: Num;
  p: Num;
  alpha: Num;
  window: Num;
  factor: Num;
  limit: Num;
  bound: Num;
}

export interface KubeEvent {
  at: number;
  lastAt: number;
  count: number;
  type: "Normal" | "Warning";
  reason: string;
  pod: string;
  note: string;
}

export type Side = "above" | "below" | "both";

export interface Breaker {
  name: string;
  detector: string;
  path: string;
  source: string;
  queries: string[];
  period: number;
  window: number;
  matches: { need: number; of: number };
  holdFor: number;
  warmUp: number;
  unit: "%" | "" | "share";
  side: Side;
  relative: boolean;
  rule: string;
  knobs: Knob[];
  fixed: Record<string, number | string>;
  answering: boolean;
  problem: string;
}

export interface Knob {
  name: string;
  field: string;
  label: string;
  value: number;
  min: number;
  max: number;
  scale: "linear" | "log";
  unit: string;
}

export interface History {
  start: number;
  step: number;
  minutes: number;
  span: number;
  note: string;
  budget: Record<"members" | "serving" | "ejected" | "paused" | "floor" | "cap", Num[]>;
  breakers: Record<string, BreakerHistory>;
}

export interface BreakerHistory {
  threshold: Num[];
  baseline: Num[];
  low: Num[];
  middle: Num[];
  high: Num[];
  pods: Record<string, PodHistory>;
}

export interface PodHistory {
  name: string;
  value: Num[];
  n: Num[] | null;
  margin: Num[] | null;
  judged: string;
  traffic: string;
}
