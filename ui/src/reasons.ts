/** What was done to a pod, and why, in plain words. */

import type { Shape } from "./design/shapes";

const ACTIONS: Record<string, { said: string; shape: Shape }> = {
  Ejected: { said: "Ejected", shape: "ejected" },
  Returned: { said: "Returned", shape: "returned" },
  EarlyReturned: { said: "Returned early", shape: "returned" },
  Paused: { said: "Paused", shape: "paused" },
  Terminated: { said: "Terminated", shape: "terminating" },
  WouldEject: { said: "Would eject", shape: "would" },
  Refused: { said: "Kept in traffic", shape: "kept" },
};

/** The action in plain words. */
export function actionSaid(action: string): string {
  return ACTIONS[action]?.said ?? spaced(action);
}

/** The shape that stands beside the action. */
export function shapeOf(action: string): Shape {
  return ACTIONS[action]?.shape ?? "kept";
}

const REASONS: Record<string, string> = {
  Outlier: "outlier among its peers",
  Requested: "asked for by a person",
  BudgetExhausted: "the budget has nothing to spare",
  Panicking: "so many outliers that the metric is suspect",
  FaultMoves: "the fault follows the traffic",
  LoadTooHigh: "the others would carry too much",
  SharedPod: "another Service needs the pod",
  VersionOutlier: "the whole newer version is the outlier",
  DryRun: "dry run",
  MatchesNotReached: "too few steps agree",
  HoldElapsed: "its time out is over",
  BelowFloor: "fewer than the floor served",
  ByHand: "by hand",
  DryRunStarted: "dry run began",
  SelectorWithoutTraffic: "the Service does not select on our label",
  WorkloadSelectsTraffic: "its workload lost the pod",
  Released: "released",
  RetriesExhausted: "its retries are used up",
  TerminationDeferred: "termination waits",
  FirstVersion: "the first version there is",
  CandidateChosen: "a newer version was found",
  StageBegun: "the next stage began",
  Promoted: "proven everywhere: now the last known good",
  DependantsFailing: "pods that depend on it fail",
  CandidateFailing: "pods that have it fail",
  DeployersFailing: "pods cannot get it",
  Withdrawn: "withdrawn",
  RolledBack: "every pod is back",
  BackOff: "waits after a version was taken back",
  RepositoryUnavailable: "the repository does not answer",
  LastKnownGoodGone: "the last known good version is no longer published",
  UpToDate: "nothing newer is published",
};

/** The reason in plain words; those not known here are the word itself, spaced. */
export function reasonSaid(reason: string): string {
  return REASONS[reason] ?? spaced(reason).toLowerCase();
}

const UNTRUE: Record<string, string> = {
  Ready: "Not guarding",
  Active: "Not active",
  SourcesAvailable: "Source failing",
  Running: "Not running",
};

/** A condition's type in plain words, as its status has it: `SourcesAvailable` that is False is a
failing source. */
export function conditionSaid(type: string, status: string): string {
  if (status === "True") return spaced(type);
  if (status !== "False") return `${spaced(type)}?`;
  return UNTRUE[type] ?? `Not ${spaced(type).toLowerCase()}`;
}

/** `BudgetExhausted` as `Budget exhausted`. */
export function spaced(word: string): string {
  const apart = word.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  return apart.charAt(0).toUpperCase() + apart.slice(1);
}
