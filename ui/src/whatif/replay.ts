/** The kept hour judged again with another setting: what would differ, decision by decision and
minute by minute. Later consequences are not replayed. */

import type { Breaker, Decision, History, Knob, Num, PodHistory } from "../model";
import { isOutlier, ofDecision, parameter, type Answer, type Sample } from "./rule";

/** One minute of one pod: as it was, called for the first time, called no longer, or not known. */
export type Minute = "fine" | "stays" | "new" | "gone" | "unknown" | "none";

export interface Row {
  uid: string;
  name: string;
  minutes: Minute[];
}

export interface Replayed {
  decisions: { decision: Decision; stands: Answer }[];
  /** Pods that were or would be called outliers, those that differ first. */
  rows: Row[];
  newPods: number;
  newMinutes: number;
  goneMinutes: number;
  unknownMinutes: number;
}

const JUDGED = new Set(["Ejected", "WouldEject", "Refused", "Paused", "Terminated"]);

export function replay(
  breaker: Breaker,
  knob: Knob,
  x: number,
  history: History | null,
  decisions: readonly Decision[],
): Replayed {
  const rows = history ? rowsOf(breaker, knob, x, history) : [];
  const number = (kind: Minute): number =>
    rows.reduce((sum, row) => sum + row.minutes.filter((one) => one === kind).length, 0);
  return {
    decisions: decisions
      .filter((one) => one.breaker === breaker.name && JUDGED.has(one.action))
      .map((decision) => ({ decision, stands: standing(breaker, knob, x, decision) })),
    rows,
    newPods: rows.filter((row) => row.minutes.includes("new")).length,
    newMinutes: number("new"),
    goneMinutes: number("gone"),
    unknownMinutes: number("unknown"),
  };
}

function standing(breaker: Breaker, knob: Knob, x: number, decision: Decision): Answer {
  return decision.numbers ? isOutlier(breaker, knob, x, ofDecision(decision.numbers)) : null;
}

function rowsOf(breaker: Breaker, knob: Knob, x: number, history: History): Row[] {
  const kept = history.breakers[breaker.name];
  const rows = Object.entries(kept?.pods ?? {}).map(([uid, pod]) => ({
    uid,
    name: pod.name,
    minutes: Array.from({ length: history.minutes }, (_, i): Minute => {
      const letter = pod.judged[i];
      if (letter !== "f" && letter !== "o") return "none";
      const sample = ofMinute(breaker, pod, kept?.baseline[i] ?? null, i);
      return difference(sample.wasOutlier, isOutlier(breaker, knob, x, sample));
    }),
  }));
  return rows
    .filter((row) => row.minutes.some((one) => one !== "fine" && one !== "none"))
    .sort((a, b) => changes(b) - changes(a) || (a.name < b.name ? -1 : 1));
}

function changes(row: Row): number {
  return row.minutes.filter((one) => one === "new" || one === "gone").length;
}

function difference(was: boolean, is: Answer): Minute {
  if (is === null) return "unknown";
  if (was) return is ? "stays" : "gone";
  return is ? "new" : "fine";
}

function ofMinute(breaker: Breaker, pod: PodHistory, baseline: Num, i: number): Sample {
  const value = pod.value[i] ?? null;
  const n = pod.n?.[i] ?? null;
  const share = breaker.unit === "%" ? 100 : 1;
  return {
    wasOutlier: pod.judged[i] === "o",
    value,
    n,
    k: value === null || n === null ? null : (value * n) / share,
    baseline,
    margin: pod.margin?.[i] ?? null,
    factor: null,
    score: null,
    limit: null,
  };
}

/** Where the threshold would lie in each minute; null where the knob does not move it. */
export function triedThreshold(
  breaker: Breaker,
  knob: Knob,
  x: number,
  history: History | null,
): Num[] | null {
  const kept = history?.breakers[breaker.name];
  if (!history || !kept) return null;
  switch (breaker.detector) {
    case "discreteValueOutOfList":
    case "continuousValueDeviation":
    case "threshold":
      return new Array<Num>(history.minutes).fill(x);
    case "ratio":
      if (knob.name !== "minimumEffect") return null;
      return kept.baseline.map((one) => (one === null ? null : one + x));
    case "deviation":
      return kept.baseline.map((center, i) => deviationLine(breaker, x, center, kept.pods, i));
    default:
      return null;
  }
}

/** The deviation's unit is what the pods' own margins say it was in that minute. */
function deviationLine(
  breaker: Breaker,
  x: number,
  center: Num,
  pods: Record<string, PodHistory>,
  i: number,
): Num {
  if (center === null || center <= 0) return null;
  const units: number[] = [];
  for (const pod of Object.values(pods)) {
    const value = pod.value[i];
    const margin = pod.margin?.[i];
    if (value == null || margin == null || value <= 0 || Math.abs(margin) < 0.2) continue;
    units.push(Math.abs(Math.log(value / center) / margin));
  }
  if (units.length === 0) return null;
  units.sort((a, b) => a - b);
  const unit = units[units.length >> 1] ?? 0;
  const away = Math.max(x * unit, Math.log(parameter(breaker, "minimumFactor", 1.5)));
  return center * Math.exp(breaker.side === "below" ? -away : away);
}
