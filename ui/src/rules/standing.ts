/** How remediation rules stand, in numbers and in words. */

import { spaced } from "../reasons";
import { count, listed, many } from "../words";
import type { About, Approval, Rule, Rules } from "./model";

const STATES: Record<string, string> = {
  Initializing: "not looked at yet",
  Normal: "normal",
  Triggered: "triggered",
  ActionAwaitingApproval: "waits for an approval",
  ActionAwaitingWindow: "waits for its window",
  ActiveActionsPending: "about to act",
  ActiveActionsInProgress: "acts",
  ActiveActionsTaken: "has acted, cools down",
  ActionsDeclined: "does not act",
};
const ORDER = Object.keys(STATES).reverse();

/** A state in plain words; one that is not known here is the word itself, spaced. */
export function stateSaid(state: string): string {
  return STATES[state] ?? spaced(state).toLowerCase();
}

/** The states of a rule's objects with their numbers, the gravest first. */
export function statesOf(rule: Rule): [string, number][] {
  return Object.entries(rule.states).sort(
    ([a], [b]) => placeOf(a) - placeOf(b) || a.localeCompare(b),
  );
}

function placeOf(state: string): number {
  const place = ORDER.indexOf(state);
  return place < 0 ? ORDER.length : place;
}

const GRAVITY = { alarm: 0, notice: 1, unknown: 2, ok: 3 } as const;

/** The gravest first, then by name. */
export function inOrder(rules: readonly Rule[]): Rule[] {
  return [...rules].sort(
    (a, b) => GRAVITY[a.level] - GRAVITY[b.level] || a.name.localeCompare(b.name),
  );
}

/** Where a rule itself is, in a word or two. */
export function standingSaid(rule: Rule): string {
  if (rule.wrong.length > 0) return spaced(rule.reason || "Not followed");
  if (!rule.ready) return rule.level === "alarm" ? "Unreadable" : "Not looked at yet";
  if (rule.level === "alarm") return "Cannot act";
  if (rule.states["ActiveActionsInProgress"]) return "Acts";
  if (rule.states["ActionAwaitingApproval"]) return "Waits for an approval";
  return rule.level === "notice" ? "Triggered" : "Followed";
}

/** What there is to say of its objects, in a sentence. */
export function objectsSaid(rule: Rule): string {
  if (rule.wrong.length > 0) return "Nothing is done by it.";
  if (!rule.ready) return "The controller of rules has not looked at it yet.";
  if (!rule.objects) return "It selects no object now.";
  const all = many(rule.objects, "object");
  if (!rule.triggered) return `Its condition holds for none of ${all}.`;
  return `Its condition holds for ${count(rule.triggered)} of ${all}.`;
}

/** Approvals that wait for an answer. */
export function pendingOf(approvals: readonly Approval[]): Approval[] {
  return approvals.filter((one) => one.state === "pending");
}

export interface Totals {
  rules: number;
  objects: number;
  triggered: number;
  acting: number;
  pending: number;
  declined: number;
}

export function totalsOf(found: Rules): Totals {
  const sum = (of: (rule: Rule) => number): number =>
    found.rules.reduce((total, rule) => total + of(rule), 0);
  return {
    rules: found.rules.length,
    objects: sum((rule) => rule.objects ?? 0),
    triggered: sum((rule) => rule.triggered ?? 0),
    acting: sum((rule) => rule.acting ?? 0),
    pending: pendingOf(found.approvals).length,
    declined: sum((rule) => rule.states["ActionsDeclined"] ?? 0),
  };
}

/** All of it in one sentence. */
export function headline(found: Rules): string {
  if (found.access !== "open") return "There are no remediation rules to see";
  const totals = totalsOf(found);
  if (totals.rules === 0) return "There is no remediation rule yet";
  const wrong = found.rules.filter((rule) => rule.wrong.length > 0).length;
  const parts: string[] = [];
  if (wrong) parts.push(`${many(wrong, "rule")} cannot be followed`);
  if (totals.pending) {
    parts.push(`${many(totals.pending, "approval")} ${totals.pending === 1 ? "waits" : "wait"} for you`);
  }
  if (totals.acting) parts.push(`${many(totals.acting, "object")} ${totals.acting === 1 ? "is" : "are"} acted on`);
  if (parts.length > 0) return listed(parts);
  if (totals.triggered) return `Conditions hold for ${many(totals.triggered, "object")}`;
  return totals.rules === 1
    ? "The one rule has nothing to do"
    : `All ${count(totals.rules)} rules have nothing to do`;
}

/** The objects of a rule, in the order of the answer: the gravest first. */
export function objectsOf(rule: Rule, objects: readonly About[]): About[] {
  return objects.filter((one) => one.rule === rule.name);
}

/** An action's name without whose it is. */
export function actionName(name: string): string {
  return name.replace(/^(openstorage\.io|kubervisor\.k8s\.io)\.action\./, "");
}
