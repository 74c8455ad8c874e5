/** The columns of a breaker's chart: the kept minutes, then each step since the page was opened. */

import type { Breaker, History, Num, Service } from "../model";
import type { Tail, Track } from "./tail";

export interface Line {
  uid: string;
  name: string;
  values: Num[];
  /** True where the detector called the pod an outlier. */
  outlier: boolean[];
}

export interface Chart {
  times: number[];
  threshold: Num[];
  low: Num[];
  middle: Num[];
  high: Num[];
  /** Pods that were outliers or out, worst first; they have lines of their own. */
  told: Line[];
  others: Line[];
}

export interface BudgetChart {
  times: number[];
  members: Num[];
  serving: Num[];
  floor: Num[];
}

/** So many pods can be told apart by colour and dash. */
export const MOST_TOLD = 6;
/** More lines than these say no more than the band does. */
const MOST_OTHERS = 120;

export function chartOf(
  breaker: Breaker,
  history: History | null,
  tail: Tail,
  service: Service,
): Chart {
  const past = history?.breakers[breaker.name];
  const tracks = tail.scores.get(breaker.name) ?? new Map<string, Track>();
  const later = [...new Set([...tracks.values()].flatMap((track) => track.at))].sort((a, b) => a - b);
  const minutes = minuteTimes(history, later[0] ?? Infinity);
  const times = [...minutes, ...later];
  const place = new Map(later.map((at, n) => [at, minutes.length + n]));
  const lines = new Map<string, Line>();
  for (const [uid, pod] of Object.entries(past?.pods ?? {})) {
    const line = emptyLine(uid, pod.name, times.length);
    for (let i = 0; i < minutes.length; i += 1) {
      line.values[i] = pod.value[i] ?? null;
      line.outlier[i] = pod.judged[i] === "o";
    }
    lines.set(uid, line);
  }
  const names = new Map(service.pods.map((pod) => [pod.uid, pod.name]));
  for (const [uid, track] of tracks) {
    const line = lines.get(uid) ?? emptyLine(uid, names.get(uid) ?? uid, times.length);
    lines.set(uid, line);
    track.at.forEach((at, n) => {
      const i = place.get(at) ?? 0;
      line.values[i] = track.value[n] ?? null;
      line.outlier[i] = track.judged[n] === "outlier";
    });
  }
  const told = toldOf([...lines.values()], service);
  const shown = new Set(told.map((line) => line.uid));
  const live = liveBand(later, tracks, service);
  const cut = (column: Num[] | undefined): Num[] => minutes.map((_, i) => column?.[i] ?? null);
  return {
    times,
    threshold: [...cut(past?.threshold), ...live.threshold],
    low: [...cut(past?.low), ...live.low],
    middle: [...cut(past?.middle), ...live.middle],
    high: [...cut(past?.high), ...live.high],
    told,
    others: [...lines.values()].filter((line) => !shown.has(line.uid)).slice(0, MOST_OTHERS),
  };
}

export function budgetOf(history: History | null, tail: Tail): BudgetChart {
  const { at, members, serving, floor } = tail.budget;
  const minutes = minuteTimes(history, at[0] ?? Infinity);
  const cut = (column: Num[] | undefined): Num[] => minutes.map((_, i) => column?.[i] ?? null);
  return {
    times: [...minutes, ...at],
    members: [...cut(history?.budget.members), ...members],
    serving: [...cut(history?.budget.serving), ...serving],
    floor: [...cut(history?.budget.floor), ...floor],
  };
}

/** The instants of the kept minutes that begin before `until`. */
function minuteTimes(history: History | null, until: number): number[] {
  const times: number[] = [];
  for (let i = 0; history && i < history.minutes; i += 1) {
    const at = history.start + i * history.step;
    if (at < until) times.push(at);
  }
  return times;
}

function emptyLine(uid: string, name: string, length: number): Line {
  return {
    uid,
    name,
    values: new Array<Num>(length).fill(null),
    outlier: new Array<boolean>(length).fill(false),
  };
}

/** Who is told apart: pods out now, pods decided upon, then those called outliers most often. */
function toldOf(lines: Line[], service: Service): Line[] {
  const weight = new Map<string, number>();
  const add = (uid: string, more: number): void => {
    weight.set(uid, (weight.get(uid) ?? 0) + more);
  };
  for (const line of lines) add(line.uid, line.outlier.filter(Boolean).length);
  for (const decision of service.decisions) add(decision.uid, 1000);
  for (const pod of service.pods) if (pod.ejection) add(pod.uid, 1e6);
  return lines
    .filter((line) => (weight.get(line.uid) ?? 0) > 0)
    .sort((a, b) => (weight.get(b.uid) ?? 0) - (weight.get(a.uid) ?? 0))
    .slice(0, MOST_TOLD);
}

/** Threshold and band of each later step, as the server makes them of the minutes. */
function liveBand(
  times: number[],
  tracks: ReadonlyMap<string, Track>,
  service: Service,
): Pick<Chart, "threshold" | "low" | "middle" | "high"> {
  const serving = new Set(
    service.pods.filter((p) => p.state === "serving" || p.state === "probation").map((p) => p.uid),
  );
  const place = new Map(times.map((at, i) => [at, i]));
  const values: number[][] = times.map(() => []);
  const thresholds: number[][] = times.map(() => []);
  for (const [uid, track] of tracks) {
    track.at.forEach((at, n) => {
      const i = place.get(at) ?? 0;
      const value = track.value[n] ?? null;
      const threshold = track.threshold[n] ?? null;
      if (value !== null && serving.has(uid)) values[i]?.push(value);
      if (threshold !== null) thresholds[i]?.push(threshold);
    });
  }
  for (const column of values) column.sort((a, b) => a - b);
  for (const column of thresholds) column.sort((a, b) => a - b);
  return {
    threshold: thresholds.map((column) => quantile(column, 0.5)),
    low: values.map((column) => quantile(column, 0.1)),
    middle: values.map((column) => quantile(column, 0.5)),
    high: values.map((column) => quantile(column, 0.9)),
  };
}

/** The quantile `q` of sorted numbers, between neighbours by distance; null of none. */
export function quantile(sorted: readonly number[], q: number): Num {
  if (sorted.length === 0) return null;
  const at = q * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? 0;
  const above = sorted[Math.ceil(at)] ?? below;
  return below + (above - below) * (at - Math.floor(at));
}
