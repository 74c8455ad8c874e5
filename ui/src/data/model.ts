/** What `/api/data` answers. Instants are Unix seconds by the controller's clock. */

import type { Answer, Condition, Level, Num } from "../model";

export interface Data extends Answer {
  rollouts: Rollout[];
}

export interface Version {
  path: string;
  sha256: string;
  at: Num;
  pods: Num;
}

export interface Stage {
  index: number;
  percent: number;
  since: Num;
  needed: Num;
}

export interface Quarantined {
  path: string;
  sha256: string;
  reason: string;
  at: Num;
}

export interface Happening {
  at: Num;
  reason: string;
  path: string;
  message: string;
}

export interface Rules {
  stages: number[];
  probation: string;
  failurePercent: Num;
  progressDeadline: string;
}

export interface Rollout {
  namespace: string;
  name: string;
  source: string;
  level: Level;
  phase: string;
  reason: string;
  message: string;
  paused: boolean;
  pin: string;
  rules: Rules;
  lastKnownGood: Version | null;
  candidate: Version | null;
  newest: Version | null;
  stage: Stage | null;
  users: Num;
  onLastKnownGood: number;
  onCandidate: number;
  proven: number;
  failing: number;
  dependants: number;
  failingDependants: number;
  versions: Version[];
  quarantine: Quarantined[];
  quarantined: number;
  failures: number;
  notBefore: Num;
  history: Happening[];
  conditions: Condition[];
}
