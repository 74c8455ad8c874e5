/** What `/api/rules` answers. Instants are Unix seconds by the controller's clock. */

import type { Answer, Condition, Level, Num } from "../model";

export interface Rules extends Answer {
  rules: Rule[];
  objects: About[];
  approvals: Approval[];
}

export interface Action {
  name: string;
  params: string;
}

/** An AutopilotRule; counts and `states` are of objects. */
export interface Rule {
  name: string;
  level: Level;
  ready: boolean;
  reason: string;
  message: string;
  kind: string;
  conditions: string[];
  actions: Action[];
  needsApproval: boolean;
  dryRun: boolean;
  weight: number;
  objects: Num;
  triggered: Num;
  acting: Num;
  states: Record<string, number>;
  wrong: Condition[];
}

export interface Passed {
  at: Num;
  state: string;
  message: string;
}

/** Where a rule stands about one object. */
export interface About {
  rule: string;
  namespace: string;
  kind: string;
  name: string;
  state: string;
  since: Num;
  reason: string;
  message: string;
  values: string[];
  intended: string[];
  notBefore: Num;
  passed: Passed[];
}

export interface Preview {
  action: string;
  params: string;
  message: string;
  involved: string[];
}

/** What a rule asks for. */
export interface Approval {
  namespace: string;
  name: string;
  rule: string;
  state: string;
  asked: Num;
  expires: Num;
  previews: Preview[];
}
