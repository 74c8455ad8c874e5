/** The kept minutes of one Service, brought up to date by the newest ones. */

import type { BreakerHistory, History, Num, PodHistory } from "../model";

type Column = Num[];

/** `old` with the minutes of `newest` in place of those they overlap, the oldest beyond `span`
dropped. Minutes that neither has are unknown. */
export function merged(old: History, newest: History): History {
  if (old.minutes === 0 || newest.minutes === 0) return newest.minutes ? newest : old;
  const end = newest.start + newest.minutes * newest.step;
  const kept = Math.max(0, Math.round((newest.start - old.start) / old.step));
  const total = Math.min(kept + newest.minutes, newest.span);
  const join = new Joint(old.minutes, newest.minutes, kept, kept + newest.minutes - total);
  const names = [...new Set([...Object.keys(old.breakers), ...Object.keys(newest.breakers)])];
  return {
    ...newest,
    start: end - total * newest.step,
    minutes: total,
    budget: {
      members: join.column(old.budget.members, newest.budget.members),
      serving: join.column(old.budget.serving, newest.budget.serving),
      ejected: join.column(old.budget.ejected, newest.budget.ejected),
      paused: join.column(old.budget.paused, newest.budget.paused),
      floor: join.column(old.budget.floor, newest.budget.floor),
      cap: join.column(old.budget.cap, newest.budget.cap),
    },
    breakers: Object.fromEntries(
      names.map((name) => [name, join.breaker(old.breakers[name], newest.breakers[name])]),
    ),
  };
}

/** Lays `kept` old minutes before the new ones and drops the first `dropped` of them all. */
class Joint {
  constructor(
    private readonly olds: number,
    private readonly news: number,
    private readonly kept: number,
    private readonly dropped: number,
  ) {}

  column(old: Column | undefined, next: Column | undefined): Column {
    return [...this.first(old), ...(next ?? blank(this.news))].slice(this.dropped);
  }

  breaker(old: BreakerHistory | undefined, next: BreakerHistory | undefined): BreakerHistory {
    const uids = new Set([...Object.keys(old?.pods ?? {}), ...Object.keys(next?.pods ?? {})]);
    const pods: Record<string, PodHistory> = {};
    for (const uid of uids) {
      const pod = this.pod(old?.pods[uid], next?.pods[uid]);
      if (/[^.]/.test(pod.judged + pod.traffic)) pods[uid] = pod;
    }
    return {
      threshold: this.column(old?.threshold, next?.threshold),
      baseline: this.column(old?.baseline, next?.baseline),
      low: this.column(old?.low, next?.low),
      middle: this.column(old?.middle, next?.middle),
      high: this.column(old?.high, next?.high),
      pods,
    };
  }

  private pod(old: PodHistory | undefined, next: PodHistory | undefined): PodHistory {
    return {
      name: next?.name ?? old?.name ?? "",
      value: this.column(old?.value, next?.value),
      n: this.optional(old?.n, next?.n),
      margin: this.optional(old?.margin, next?.margin),
      judged: this.letters(old?.judged, next?.judged),
      traffic: this.letters(old?.traffic, next?.traffic),
    };
  }

  private optional(old: Column | null | undefined, next: Column | null | undefined): Column | null {
    return old || next ? this.column(old ?? undefined, next ?? undefined) : null;
  }

  private letters(old: string | undefined, next: string | undefined): string {
    const before = (old ?? "").slice(0, this.kept).padEnd(this.kept, ".");
    return (before + (next ?? "").padEnd(this.news, ".")).slice(this.dropped);
  }

  private first(old: Column | undefined): Column {
    const known = (old ?? []).slice(0, Math.min(this.kept, this.olds));
    return [...known, ...blank(this.kept - known.length)];
  }
}

function blank(length: number): Column {
  return new Array<Num>(Math.max(0, length)).fill(null);
}
