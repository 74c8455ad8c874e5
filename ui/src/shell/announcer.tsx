/** What changes while somebody listens: said once, politely. */

import { useEffect, useRef } from "preact/hooks";
import { store, useStore } from "../store";

const said = store("");

/** Has screen readers say `text` when they next pause. */
export function announce(text: string): void {
  said.set(text);
}

/** Says aloud, of each of `all`, when it comes to stand elsewhere than it was seen before. */
export function useAnnouncedStandings<T>(
  all: readonly T[],
  keyOf: (one: T) => string,
  nameOf: (one: T) => string,
  standingOf: (one: T) => string,
): void {
  const known = useRef<ReadonlyMap<string, string>>(new Map());
  useEffect(() => {
    for (const one of all) {
      const [before, now] = [known.current.get(keyOf(one)), standingOf(one)];
      if (before !== undefined && before !== now) announce(`${nameOf(one)}: ${now}`.slice(0, 300));
    }
    known.current = new Map(all.map((one) => [keyOf(one), standingOf(one)]));
  }, [all]);
}

export function Announcer() {
  return (
    <div class="hidden" role="log" aria-live="polite" aria-label="Latest change">
      {useStore(said)}
    </div>
  );
}
