/** A decision's evidence in plain words and numbers. */

import type { Breaker, Decision, Numbers } from "../model";
import { reasonSaid } from "../reasons";
import { count, many, measured, span } from "../words";

export interface Fact {
  name: string;
  value: string;
}

/** The reason in plain words; a watchdog compares its pod with nobody. */
export function reasonOf(decision: Decision, breaker: Breaker | undefined): string {
  const alone = decision.reason === "Outlier" && breaker?.detector === "watchdog";
  return alone ? "outlier by its own word" : reasonSaid(decision.reason);
}

/** Why, in words: those of the pod's own watchdogs, or made of the numbers. */
export function saidOf(decision: Decision, breaker: Breaker | undefined): string {
  if (breaker?.detector === "watchdog") return watchdogSaid(decision.evidence);
  return decision.numbers ? whySaid(decision.numbers, breaker) : "";
}

/** Evidence begins with what watchdogs said, where it is theirs; the budget follows. */
function watchdogSaid(evidence: string): string {
  if (!evidence.startsWith("watchdog ")) return "";
  const parts = evidence.split("; ");
  const end = parts.findIndex((part) => BUDGET.test(part));
  return `Its ${parts.slice(0, end < 0 ? parts.length : end).join("; ")}.`;
}

/** Why, in a sentence or two made of the numbers; "" where the evidence itself must do. */
export function whySaid(numbers: Numbers, breaker: Breaker | undefined): string {
  switch (breaker?.detector) {
    case "ratio":
      return ratioSaid(numbers);
    case "deviation":
      return deviationSaid(numbers);
    case "threshold":
    case "discreteValueOutOfList":
    case "continuousValueDeviation":
      return boundSaid(numbers, breaker);
    default:
      return "";
  }
}

function ratioSaid({ k, n, value, baseline, peers, window, p }: Numbers): string {
  if (k === null || n === null || value === null) return "";
  const peersSaid =
    baseline === null ? "" : `; its ${many(peers ?? 0, "peer")} failed ${measured(baseline)} %`;
  const within = window === null ? "" : ` within ${span(window)}`;
  const failed = `${measured(value)} % of its requests failed${within}`;
  const first = `${failed} (${count(k)} of ${count(n)})${peersSaid}.`;
  return p === null || p <= 0 ? first : `${first} ${chanceSaid(p)}`;
}

/** How rarely chance alone would do that. */
export function chanceSaid(p: number): string {
  if (p >= 0.01) return `Chance alone would do that in ${measured(p * 100)} % of such steps.`;
  const power = Math.round(-Math.log10(p));
  const once = power <= 6 ? count(Math.round(1 / p)) : `10${superscript(power)}`;
  return `Chance alone would do that once in ${once} such steps.`;
}

function superscript(n: number): string {
  return String(n).replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)] ?? digit);
}

function deviationSaid({ value, baseline, peers, factor, limit, margin }: Numbers): string {
  if (value === null || baseline === null) return "";
  const times = factor ?? (baseline === 0 ? null : value / baseline);
  const far = times === null ? "" : `, ${measured(times)} times the median ${measured(baseline)}`;
  const whose = peers === null ? "" : ` of its ${many(peers, "peer")}`;
  const score =
    margin === null || !limit
      ? ""
      : ` That is ${measured(margin)} robust standard deviations away; ${measured(limit)} are allowed.`;
  return `Its value was ${measured(value)}${far}${whose}.${score}`;
}

function boundSaid({ value, threshold }: Numbers, breaker: Breaker): string {
  if (value === null || threshold === null) return "";
  const unit = breaker.unit === "%" ? "%" : "";
  const side = breaker.side === "below" ? "below" : "above";
  return `Its value was ${measured(value, unit)}; it must not be ${side} ${measured(threshold, unit)}.`;
}

const BUDGET = /^\d+ of \d+ serving, floor/;

/** The budget as it was then, where the evidence tells it. */
export function budgetThen(evidence: string): string {
  return evidence.split("; ").find((part) => BUDGET.test(part)) ?? "";
}

/** The numbers behind a decision, each with its name; those not known are left out. */
export function factsOf(decision: Decision, breaker: Breaker | undefined): Fact[] {
  const { numbers } = decision;
  const unit = breaker?.unit === "%" ? "%" : "";
  const facts: Fact[] = [];
  const add = (name: string, value: number | null | undefined, of = ""): void => {
    if (value != null) facts.push({ name, value: measured(value, of) });
  };
  if (numbers) {
    add("Value", numbers.value, unit);
    add("Peers", numbers.baseline, unit);
    add("Threshold", numbers.threshold, unit);
    add("Compared with", numbers.peers, numbers.peers === 1 ? "pod" : "pods");
    if (numbers.k !== null && numbers.n !== null) {
      facts.push({ name: "Failed", value: `${count(numbers.k)} of ${count(numbers.n)}` });
    } else add("Events", numbers.n);
    add("Window", numbers.window, "s");
    add("Chance", numbers.p);
    add("Chance allowed", numbers.alpha);
    add("Times the median", numbers.factor);
    add("Deviations allowed", numbers.limit || null);
    add("With 95 % confidence", numbers.bound);
  }
  if (breaker && numbers) {
    const { need, of } = breaker.matches;
    facts.push({ name: "Steps", value: `${need} of ${of} must agree` });
  }
  const budget = budgetThen(decision.evidence);
  if (budget) facts.push({ name: "Budget then", value: budget });
  return facts;
}
