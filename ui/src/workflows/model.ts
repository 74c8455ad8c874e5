/** What `/api/workflows` answers. Instants are Unix seconds by the controller's clock. */

import type { Answer, Condition, Level, Num } from "../model";

export interface Workflows extends Answer {
  kinds: Kind[];
  workflows: Workflow[];
}

/** A phase of a kind; none in `next`: any may follow. `timeout` is in seconds. */
export interface Phase {
  name: string;
  final: boolean;
  next: string[];
  timeout: Num;
  onTimeout: string;
}

/** A kind of workflow; `problem` says why its objects cannot be seen. */
export interface Kind {
  kind: string;
  group: string;
  operator: string;
  phases: Phase[];
  objects: number;
  problem: string;
}

export interface Passed {
  at: Num;
  phase: string;
  message: string;
}

export interface Said {
  name: string;
  value: string;
}

/** An object; the last of `passed` is the phase that it is in. */
export interface Workflow {
  kind: string;
  group: string;
  namespace: string;
  name: string;
  level: Level;
  phase: string;
  since: Num;
  message: string;
  failures: number;
  complete: boolean;
  deleting: boolean;
  reason: string;
  wrong: Condition[];
  says: Said[];
  passed: Passed[];
}
