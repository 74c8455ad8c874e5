/** What was scored while this page was open: each step, where the kept history has one a minute. */

import type { Budget, Judged, Num, Pod, PodState } from "../model";

export interface Track {
  at: number[];
  value: Num[];
  threshold: Num[];
  judged: Judged[];
}

export interface BudgetTrack {
  at: number[];
  members: number[];
  serving: number[];
  floor: number[];
}

/** By breaker, then by pod. */
export interface Tail {
  scores: ReadonlyMap<string, ReadonlyMap<string, Track>>;
  budget: BudgetTrack;
}

export const NO_TAIL: Tail = {
  scores: new Map(),
  budget: { at: [], members: [], serving: [], floor: [] },
};

const OUT = new Set<PodState>(["ejected", "paused", "held"]);
const MOST_POINTS = 60_000;
const LONGEST = 900;

/** The tail with the newest scores of `pods` and the budget at `at`. Points of one pod are only
appended; the oldest go when there are too many. */
export function lengthened(tail: Tail, pods: readonly Pod[], budget: Budget | null, at: number): Tail {
  const most = Math.max(20, Math.min(LONGEST, Math.floor(MOST_POINTS / Math.max(1, pods.length))));
  const scores = new Map<string, Map<string, Track>>();
  for (const pod of pods) {
    for (const score of pod.scores) {
      const tracks = scores.get(score.breaker) ?? new Map<string, Track>();
      scores.set(score.breaker, tracks);
      const before = tail.scores.get(score.breaker)?.get(pod.uid);
      const track = before ?? { at: [], value: [], threshold: [], judged: [] };
      tracks.set(pod.uid, track);
      if (score.at <= (track.at.at(-1) ?? 0)) continue;
      const isOut = OUT.has(pod.state) && score.at > (pod.ejection?.at ?? 0);
      track.at.push(score.at);
      track.value.push(isOut ? null : score.value);
      track.threshold.push(score.threshold);
      track.judged.push(score.judged);
      if (track.at.length > most) for (const column of Object.values(track)) column.shift();
    }
  }
  return { scores, budget: budget ? grown(tail.budget, budget, at) : tail.budget };
}

function grown(track: BudgetTrack, budget: Budget, at: number): BudgetTrack {
  const from = Math.max(0, track.at.length + 1 - LONGEST);
  return {
    at: [...track.at.slice(from), at],
    members: [...track.members.slice(from), budget.members],
    serving: [...track.serving.slice(from), budget.serving],
    floor: [...track.floor.slice(from), budget.floor],
  };
}
