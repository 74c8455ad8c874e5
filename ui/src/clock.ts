/** The controller's clock, as far as this page knows it: ages are told by it, not by the reader's. */

import { store, useStore } from "./store";

let ahead = 0;
const ticks = store(0);
let timer: ReturnType<typeof setInterval> | undefined;

/** Sets the clock by an answer of the server's. */
export function heard(at: number): void {
  ahead = at - Date.now() / 1000;
}

/** Unix seconds by the controller's clock. */
export function now(): number {
  return Date.now() / 1000 + ahead;
}

/** Starts the tick by which ages grow; it rests while nobody looks. */
export function startTicking(): void {
  const run = (): void => {
    clearInterval(timer);
    if (document.hidden) return;
    ticks.set(ticks.get() + 1);
    timer = setInterval(() => ticks.set(ticks.get() + 1), 1000);
  };
  document.addEventListener("visibilitychange", run);
  run();
}

/** The current instant, once a second. */
export function useNow(): number {
  useStore(ticks);
  return now();
}
