/** How rollouts of data stand, in numbers and in words. */

import type { Condition } from "../model";
import { conditionSaid, reasonSaid, spaced } from "../reasons";
import { count, listed, many } from "../words";
import type { Data, Rollout, Version } from "./model";

const ARCHIVES = /\.(tar\.zst|tar\.gz|tgz|tar|zip)$/;

/** A version's name without what says that it is an archive; enough to pin it by. */
export function versionName(path: string): string {
  return path.replace(ARCHIVES, "");
}

/** Whether a version was taken back since the last one that was promoted. */
export function wasRolledBack(rollout: Rollout): boolean {
  return rollout.phase === "Settled" && rollout.failures > 0;
}

/** Why it is not Ready; undefined where it is, or where nobody has said. */
function refusalOf(rollout: Rollout): Condition | undefined {
  return rollout.conditions.find((one) => one.type === "Ready" && !one.good);
}

const WRONG: Record<string, string> = {
  Ready: "Needs a look",
  RepositoryAvailable: "The repository does not answer",
};

/** What is wrong beyond what the rollout's own message says: titles and conditions. */
export function troublesOf(rollout: Rollout): [string, Condition][] {
  return rollout.conditions
    .filter((one) => !one.good && one.message !== rollout.message)
    .map((one) => [WRONG[one.type] ?? conditionSaid(one.type, one.status), one]);
}

/** Where it is, in a word or two. */
export function phaseSaid(rollout: Rollout): string {
  const { phase, reason, level } = rollout;
  if (!phase) {
    const refused = refusalOf(rollout);
    if (refused) return spaced(refused.reason);
    return level === "alarm" ? "Unreadable" : "Not looked at yet";
  }
  if (phase === "RollingOut" && reason === "Stalled") return "Stalled";
  return wasRolledBack(rollout) ? "Rolled back" : spaced(phase);
}

const GRAVITY = { alarm: 0, notice: 1, unknown: 2, ok: 3 } as const;

/** The gravest first, then by namespace and source. */
export function inOrder(rollouts: readonly Rollout[]): Rollout[] {
  return [...rollouts].sort(
    (a, b) =>
      GRAVITY[a.level] - GRAVITY[b.level] ||
      a.namespace.localeCompare(b.namespace) ||
      a.source.localeCompare(b.source),
  );
}

export interface Totals {
  sources: number;
  settled: number;
  rollingOut: number;
  backs: number;
  quarantined: number;
  users: number;
}

export function totalsOf(rollouts: readonly Rollout[]): Totals {
  const having = (so: (one: Rollout) => boolean): number => rollouts.filter(so).length;
  return {
    sources: rollouts.length,
    settled: having((one) => one.phase === "Settled" && !wasRolledBack(one)),
    rollingOut: having((one) => one.phase === "RollingOut"),
    backs: having((one) => one.phase === "RollingBack" || wasRolledBack(one)),
    quarantined: rollouts.reduce((sum, one) => sum + one.quarantined, 0),
    users: rollouts.reduce((sum, one) => sum + (one.users ?? 0), 0),
  };
}

/** All of it in one sentence. */
export function headline(data: Data): string {
  if (data.access !== "open") return "There are no data rollouts to see";
  const sum = totalsOf(data.rollouts);
  if (sum.sources === 0) return "No pod uses data of a source yet";
  if (sum.settled === sum.sources) {
    return sum.sources === 1 ? "The one source is settled" : `All ${count(sum.sources)} sources are settled`;
  }
  const parts: string[] = [];
  if (sum.backs) parts.push(`${count(sum.backs)} ${sum.backs === 1 ? "was" : "were"} rolled back`);
  if (sum.rollingOut) {
    parts.push(`${count(sum.rollingOut)} ${sum.rollingOut === 1 ? "is" : "are"} rolling out`);
  }
  const rest = `${count(sum.settled)} ${sum.settled === 1 ? "is" : "are"} settled`;
  return `Of ${many(sum.sources, "source")}, ${parts.length ? listed(parts) : rest}`;
}

/** What a rollout does, in a sentence. */
export function standingSaid(rollout: Rollout): string {
  const users = rollout.users;
  if (!rollout.phase) {
    return refusalOf(rollout)
      ? "Nothing is done for it."
      : "The controller of data has not looked at it yet.";
  }
  if (users === 0) return "No pod uses it now.";
  const pods = users === null ? "its pods" : many(users, "pod");
  const name = (version: Version | null): string => versionName(version?.path ?? "");
  switch (rollout.phase) {
    case "RollingOut":
      return `${count(rollout.onCandidate)} of ${pods} are asked to have ${name(rollout.candidate)}.`;
    case "RollingBack":
      return `${count(rollout.onLastKnownGood)} of ${pods} are asked to go back to ${name(rollout.lastKnownGood)}.`;
    case "Settled":
      return takenBackSaid(rollout) + (rollout.onLastKnownGood === users
        ? `${users === 1 ? "Its one pod has" : `All ${pods} have`} ${name(rollout.lastKnownGood)}.`
        : `${count(rollout.onLastKnownGood)} of ${pods} have ${name(rollout.lastKnownGood)}.`);
    default:
      return rollout.newest ? "No version has gone out yet." : "Nothing is published yet.";
  }
}

/** What was taken back last, while nothing has been promoted since. */
function takenBackSaid(rollout: Rollout): string {
  const last = rollout.quarantine[0];
  if (!last || !wasRolledBack(rollout)) return "";
  return `${versionName(last.path)} was taken back: ${reasonSaid(last.reason)}. `;
}

/** True where more than the share in percent fail; false where the share is not known. */
export function tooMany(failing: number, of: number, limit: number | null): boolean {
  return limit !== null && failing * 100 > limit * of;
}

/** What happened, or why, in plain words. */
export function happeningSaid(reason: string): string {
  const said = reasonSaid(reason);
  return said.charAt(0).toUpperCase() + said.slice(1);
}
