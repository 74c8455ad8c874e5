/** Would a judged value be called an outlier with another setting? Pure: the tests of the detectors
again, as far as what was kept can answer them. */

import type { Breaker, Knob, Num, Numbers } from "../model";

export interface Sample {
  /** Whether the detector called it an outlier then. */
  wasOutlier: boolean;
  value: Num;
  n: Num;
  k: Num;
  baseline: Num;
  margin: Num;
  factor: Num;
  /** Of decisions only; null of minutes. */
  score: Num;
  limit: Num;
}

/** null: what was kept cannot tell. */
export type Answer = boolean | null;

const Z = 1.6448536; // one-sided, 95 %

/** The answer with the knob at `x`. A looser setting keeps every outlier and a stricter one adds
none, whatever rounding did to the numbers that were kept. */
export function isOutlier(breaker: Breaker, knob: Knob, x: number, sample: Sample): Answer {
  if (x === knob.value) return sample.wasOutlier;
  const looser = loosens(breaker, knob) === x > knob.value;
  if (looser && sample.wasOutlier) return true;
  if (!looser && !sample.wasOutlier) return false;
  return tested(breaker, knob, x, sample);
}

/** True where more of the knob makes more outliers. */
export function loosens(breaker: Breaker, knob: Knob): boolean {
  return knob.name === "alpha" || (breaker.detector === "threshold" && breaker.side === "below");
}

function tested(breaker: Breaker, knob: Knob, x: number, sample: Sample): Answer {
  const { value, n, margin } = sample;
  if (value === null) return null;
  switch (breaker.detector) {
    case "discreteValueOutOfList":
    case "continuousValueDeviation":
      return value > x;
    case "threshold":
      return n === null ? beyond(value, x, breaker) : shareBeyond(value, n, x, breaker);
    case "ratio":
      return ratio(breaker, knob, x, sample);
    case "deviation":
      return deviation(breaker, x, sample);
    case "trend":
      if (margin === null || margin > moved(breaker, x)) return false;
      return sample.score === null ? (sample.wasOutlier ? true : null) : sample.score >= 0;
    default:
      return null;
  }
}

function beyond(value: number, x: number, breaker: Breaker): boolean {
  return breaker.side === "below" ? value < x : value > x;
}

function shareBeyond(share: number, n: number, x: number, breaker: Breaker): boolean {
  const k = share * n;
  return breaker.side === "below" ? wilson(k, n, 1) < x : wilson(k, n, -1) > x;
}

/** Wilson's bound of a share of `k` in `n`, the upper one for `side` 1, the lower for -1. */
export function wilson(k: number, n: number, side: 1 | -1): number {
  if (side === -1 && k <= 0) return 0;
  if (side === 1 && k >= n) return 1;
  const s = k / n;
  const z2 = (Z * Z) / n;
  const away = Z * Math.sqrt((s * (1 - s)) / n + z2 / (4 * n));
  return (s + z2 / 2 + side * away) / (1 + z2);
}

function ratio(breaker: Breaker, knob: Knob, x: number, sample: Sample): Answer {
  const { value, baseline, margin, k } = sample;
  if (value === null || baseline === null) return null;
  const byEffect = knob.name === "minimumEffect";
  const effect = byEffect ? x : parameter(breaker, "minimumEffect", 3);
  if (value - baseline < effect) return false;
  if (k !== null && k < parameter(breaker, "minimumEvents", 3)) return false;
  if (margin === null) return byEffect ? null : false;
  return margin <= (byEffect ? 0 : moved(breaker, x));
}

/** By how much another alpha moves the line that `margin` is measured from. */
function moved(breaker: Breaker, alpha: number): number {
  return Math.log10(alpha / parameter(breaker, "alpha", alpha));
}

function deviation(breaker: Breaker, x: number, sample: Sample): Answer {
  const { value, baseline, margin, limit } = sample;
  if (limit === 0) return sample.wasOutlier;
  if (margin === null || value === null) return null;
  if (margin <= x) return false;
  const factor = sample.factor ?? (baseline ? value / baseline : null);
  if (factor === null || factor <= 0) return null;
  const far = breaker.side === "below" ? 1 / factor : factor;
  const either = breaker.side === "both" ? Math.max(factor, 1 / factor) : far;
  return either >= parameter(breaker, "minimumFactor", 1.5);
}

export function parameter(breaker: Breaker, name: string, otherwise: number): number {
  const found = breaker.fixed[name];
  return typeof found === "number" ? found : otherwise;
}

/** What a decision was made of. */
export function ofDecision(numbers: Numbers): Sample {
  const { value, n, k, baseline, margin, factor, score, limit } = numbers;
  return { wasOutlier: true, value, n, k, baseline, margin, factor, score, limit };
}
