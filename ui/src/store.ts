/** A value that components follow, and the few of them that the pages share. */

import { useEffect, useState } from "preact/hooks";

export interface Store<T> {
  get(): T;
  set(next: T): void;
  follow(changed: () => void): () => void;
}

export function store<T>(initial: T): Store<T> {
  let value = initial;
  const followers = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const changed of [...followers]) changed();
    },
    follow(changed) {
      followers.add(changed);
      return () => followers.delete(changed);
    },
  };
}

/** The store's value, kept current. */
export function useStore<T>(from: Store<T>): T {
  const [, redraw] = useState({});
  useEffect(() => {
    const drawn = from.get();
    const stop = from.follow(() => redraw({}));
    if (!Object.is(drawn, from.get())) redraw({});
    return stop;
  }, [from]);
  return from.get();
}
