/** How phase workflows stand, in numbers and in words. */

import { spaced } from "../reasons";
import { count, listed, many, span } from "../words";
import type { Kind, Phase, Workflow, Workflows } from "./model";

/** What a workflow is called where there may be others of its name. */
export function keyOf(one: Workflow): string {
  return `${one.group}/${one.kind}/${one.namespace}/${one.name}`;
}

/** The kind of a workflow, as far as the answer tells it. */
export function kindOf(one: Workflow, kinds: readonly Kind[]): Kind | undefined {
  return kinds.find((kind) => kind.kind === one.kind && kind.group === one.group);
}

/** What its kind says of the phase that it is in. */
export function rulesOf(one: Workflow, kind: Kind | undefined): Phase | undefined {
  return kind?.phases.find((phase) => phase.name === one.phase);
}

/** The phases that may follow, as far as the kind says which. */
export function followingOf(one: Workflow, kind: Kind | undefined): string[] {
  const rules = rulesOf(one, kind);
  if (!rules || rules.final || one.complete) return [];
  const named = rules.onTimeout ? [...rules.next, rules.onTimeout] : rules.next;
  return [...new Set(named)].filter((name) => name !== one.phase);
}

export interface Step {
  phase: string;
  state: "over" | "now" | "ahead";
  begun: number | null;
  /** Seconds that it lasted; null of a phase that lasts, or where it is not known. */
  lasted: number | null;
}

/** At most `most` of the phases that it went through, the newest ones, and those that may follow. */
export function stepsOf(one: Workflow, kind: Kind | undefined, most: number): Step[] {
  const passed: Step[] = one.passed.map(({ phase, at }, n) => {
    const ended = one.passed[n + 1]?.at ?? null;
    const isLast = n === one.passed.length - 1;
    const lasted = isLast || at === null || ended === null ? null : Math.max(0, ended - at);
    return { phase, state: isLast ? "now" : "over", begun: at, lasted };
  });
  const ahead = followingOf(one, kind).map(
    (phase): Step => ({ phase, state: "ahead", begun: null, lasted: null }),
  );
  return [...passed.slice(-most), ...ahead];
}

/** Where it is, in a word or two. */
export function phaseSaid(one: Workflow): string {
  return one.phase ? spaced(one.phase) : "Not looked at yet";
}

/** What comes next, in a sentence; `now` is the instant that it is said at. */
export function standingSaid(one: Workflow, kind: Kind | undefined, now: number): string {
  if (!one.phase) return "Its operator has not looked at it yet.";
  if (one.deleting) return "It is being deleted.";
  if (one.complete) return "This phase is final: nothing more is done.";
  const rules = rulesOf(one, kind);
  const next = followingOf(one, kind).map(spaced);
  const follows = next.length ? `${next.join(" or ")} may follow.` : "";
  if (!rules?.timeout || !rules.onTimeout || one.since === null) return follows;
  const left = one.since + rules.timeout - now;
  const when = left > 0 ? `In ${span(left)}` : "Now";
  return `${follows} ${when} it goes to ${spaced(rules.onTimeout)} by itself.`.trim();
}

export interface Totals {
  workflows: number;
  onTheWay: number;
  complete: number;
  wrong: number;
  kinds: number;
}

export function totalsOf(found: Workflows): Totals {
  const { workflows, kinds } = found;
  return {
    workflows: workflows.length,
    onTheWay: workflows.filter((one) => !one.complete).length,
    complete: workflows.filter((one) => one.complete).length,
    wrong: workflows.filter((one) => one.level === "alarm").length,
    kinds: kinds.length,
  };
}

/** All of it in one sentence. */
export function headline(found: Workflows): string {
  if (found.access !== "open") return "There are no workflows to see";
  const { workflows, onTheWay, wrong } = totalsOf(found);
  if (workflows === 0) {
    return found.kinds.some((kind) => kind.problem)
      ? "There are no workflows to see"
      : "There is no workflow yet";
  }
  const parts: string[] = [];
  if (wrong) parts.push(`${many(wrong, "workflow")} ${wrong === 1 ? "needs" : "need"} a look`);
  const calm = onTheWay - found.workflows.filter((one) => one.level === "alarm" && !one.complete).length;
  if (calm) parts.push(`${many(calm, "workflow")} ${calm === 1 ? "is" : "are"} on the way`);
  if (parts.length > 0) return listed(parts);
  return workflows === 1
    ? "The one workflow has come to its end"
    : `All ${count(workflows)} workflows have come to their end`;
}
