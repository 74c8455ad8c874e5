/** The columns of a breaker's chart: the kept minutes with the instants of decisions among them,
then each step since the page was opened. */

import type { Breaker, Decision, History, Num, Service } from "../model";
import type { Tail, Track } from "./tail";

/** A value to draw: null breaks the line, and past undefined it goes on. */
export type Drawn = Num | undefined;

export interface Line {
  uid: string;
  name: string;
  values: Drawn[];
  /** True where the detector called the pod an outlier. */
  outlier: boolean[];
}

export interface Chart {
  times: number[];
  /** Which kept minute stands at each instant; undefined where none does. */
  minutes: (number | undefined)[];
  threshold: Drawn[];
  low: Drawn[];
  middle: Drawn[];
  high: Drawn[];
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
const MINUTE = 60;

export function chartOf(
  breaker: Breaker,
  history: History | null,
  tail: Tail,
  service: Service,
): Chart {
  const past = history?.breakers[breaker.name];
  const tracks = tail.scores.get(breaker.name) ?? new Map<string, Track>();
  const later = [...new Set([...tracks.values()].flatMap((track) => track.at))].sort((a, b) => a - b);
  const kept = minuteTimes(history, later[0] ?? Infinity);
  const turns = turnsOf(breaker, service.decisions, kept[0] ?? Infinity, later[0] ?? Infinity);
  const instants = new Set([...kept, ...turns.map((turn) => turn.at)]);
  const times = [...[...instants].sort((a, b) => a - b), ...later];
  const place = new Map(times.map((at, i) => [at, i]));
  const minuteAt = new Map(kept.map((at, minute) => [at, minute]));
  const minutes = times.map((at) => minuteAt.get(at));
  const lines = new Map<string, Line>();
  for (const [uid, pod] of Object.entries(past?.pods ?? {})) {
    const line = emptyLine(uid, pod.name, times.length);
    minutes.forEach((minute, i) => {
      if (minute === undefined) {
        if (i < instants.size) line.values[i] = undefined;
      } else if (!OUT.has(pod.traffic[minute] ?? ".")) {
        line.values[i] = pod.value[minute] ?? null;
        line.outlier[i] = pod.judged[minute] === "o";
      }
    });
    lines.set(uid, line);
  }
  for (const turn of turns) {
    const line = lines.get(turn.uid);
    if (line) turned(line, turn, place.get(turn.at) ?? 0, times, minutes);
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
  const cut = (column: Num[] | undefined): Drawn[] =>
    minutes
      .slice(0, instants.size)
      .map((minute) => (minute === undefined ? undefined : (column?.[minute] ?? null)));
  return {
    times,
    minutes,
    threshold: [...cut(past?.threshold), ...live.threshold],
    low: [...cut(past?.low), ...live.low],
    middle: [...cut(past?.middle), ...live.middle],
    high: [...cut(past?.high), ...live.high],
    told,
    others: [...lines.values()].filter((line) => !shown.has(line.uid)).slice(0, MOST_OTHERS),
  };
}

/** What `column` has at place `at`, or had last where nothing was sampled at that instant. */
export function asOf(column: readonly Drawn[], at: number): Num {
  let i = at;
  while (i > 0 && column[i] === undefined) i -= 1;
  return column[i] ?? null;
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

/** The letters of `traffic` for a pod that is out. */
const OUT = new Set(["e", "p", "h"]);
const FOUND = new Set(["Ejected", "WouldEject", "Refused"]);
const MOVED = new Set(["Ejected", "Paused", "Terminated", "Returned", "EarlyReturned"]);

/** A decision as its pod's line shows it: what the pod was found with, or null for a break. */
interface Turn {
  at: number;
  uid: string;
  value: Num;
}

/** Decisions from `start` until `end` that move a pod, or that `breaker` made on a value. */
function turnsOf(
  breaker: Breaker,
  decisions: readonly Decision[],
  start: number,
  end: number,
): Turn[] {
  return decisions.flatMap(({ at, uid, action, numbers, breaker: by }) => {
    if (at < start || at >= end) return [];
    const value = FOUND.has(action) && by === breaker.name ? (numbers?.value ?? null) : null;
    return value !== null || MOVED.has(action) ? [{ at, uid, value }] : [];
  });
}

/** Has the line take the turn at place `i`. A minute's outlier stands for a later step of that
minute: where the decision tells that step's instant, it stands there instead. */
function turned(
  line: Line,
  turn: Turn,
  i: number,
  times: readonly number[],
  minutes: Chart["minutes"],
): void {
  line.values[i] = turn.value;
  line.outlier[i] = turn.value !== null;
  if (turn.value === null) return;
  let minute = i - 1;
  while (minute >= 0 && minutes[minute] === undefined) minute -= 1;
  if (line.outlier[minute] && turn.at - (times[minute] ?? 0) < MINUTE) {
    line.values[minute] = undefined;
    line.outlier[minute] = false;
  }
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
