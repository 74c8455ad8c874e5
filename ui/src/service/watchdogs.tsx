/** What a pod's watchdogs say of it now. */

import { useNow } from "../clock";
import { Ago, Clipped } from "../design/text";
import type { Watchdog } from "../model";

/** How grave: as the marks of the list of Services are. */
export type Gravity = "alarm" | "notice" | "ok" | "unknown";

const LEVELS: Record<string, Gravity> = { error: "alarm", warning: "notice", info: "ok" };
const ORDER: readonly Gravity[] = ["alarm", "notice", "ok", "unknown"];

export function gravityOf(watchdog: Watchdog): Gravity {
  return LEVELS[watchdog.level.toLowerCase()] ?? "unknown";
}

/** Whether its word still counts at `now`. */
export function isHeard(watchdog: Watchdog, now: number): boolean {
  return watchdog.expires === null || now < watchdog.expires;
}

/** Of those that say error or warning and count, the gravest; undefined where none does. */
export function worstOf(watchdogs: readonly Watchdog[], now: number): Watchdog | undefined {
  const wrong = watchdogs.filter((one) => isHeard(one, now) && ORDER.indexOf(gravityOf(one)) < 2);
  return inOrder(wrong)[0];
}

/** The gravest first, then by name. */
export function inOrder(watchdogs: readonly Watchdog[]): Watchdog[] {
  const rank = (one: Watchdog): number => ORDER.indexOf(gravityOf(one));
  return [...watchdogs].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

/** Beside a pod's name: the watchdog that says the worst. */
export function WatchdogTag({ watchdogs }: { watchdogs: readonly Watchdog[] }) {
  const worst = worstOf(watchdogs, useNow());
  if (!worst) return null;
  return (
    <span class={`tag says is-${gravityOf(worst)}`} title={worst.message.slice(0, 300)}>
      watchdog <bdi dir="auto">{worst.name}</bdi> says <bdi dir="auto">{worst.level}</bdi>
    </span>
  );
}

/** Each of them, in a decision's evidence. */
export function Watchdogs({ watchdogs }: { watchdogs: readonly Watchdog[] }) {
  const now = useNow();
  if (watchdogs.length === 0) return null;
  return (
    <dl class="watchdogs" aria-label="The pod's watchdogs now">
      {inOrder(watchdogs).map((one) => (
        <div key={one.name}>
          <dt>
            watchdog <bdi dir="auto">{one.name}</bdi>
          </dt>
          <dd>
            <span class={`mark is-${gravityOf(one)}`}>
              <bdi dir="auto">{one.level}</bdi>
            </span>
            {one.since !== null && (
              <span class="quiet">
                {" "}
                <Ago at={one.since} />
              </span>
            )}
            {!one.probed && <span class="tag">posted</span>}
            {!isHeard(one, now) && <span class="tag">expired</span>}
            {one.message && (
              <>
                {" "}
                <Clipped text={one.message} most={200} />
              </>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}
