/** A stream of events that heals: it is opened anew when it ends, fails or falls silent, and rests
while nobody looks at the page. Each new stream starts with the whole truth, so nothing is kept. */

export type Liveness = "connecting" | "live" | "lost" | "resting";

export interface Link {
  state: Liveness;
  /** When the last event came, in milliseconds of this browser's clock; null: none yet. */
  heardAt: number | null;
  /** When the next attempt is made, while the link is lost. */
  retryAt: number | null;
}

export const SILENCE = 25_000;
export const HIDDEN_REST = 5_000;
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;

/** Milliseconds until attempt `failures` + 1: doubling, and never two pages at the same moment. */
export function wait(failures: number, chance: number): number {
  const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(failures, 10));
  return longest * (0.5 + chance / 2);
}

export interface Following {
  stop(): void;
  retryNow(): void;
}

/** Opens `url` and hands each event named in `handlers` on, parsed. `told` hears of the link. */
export function follow(
  url: string,
  handlers: Record<string, (data: unknown) => void>,
  told: (link: Link) => void,
): Following {
  let source: EventSource | null = null;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let drowsy: ReturnType<typeof setTimeout> | undefined;
  let link: Link = { state: "connecting", heardAt: null, retryAt: null };

  function tell(state: Liveness, retryAt: number | null = null): void {
    link = { ...link, state, retryAt };
    told(link);
  }

  function after(milliseconds: number, what: () => void): void {
    clearTimeout(timer);
    timer = setTimeout(what, milliseconds);
  }

  function close(): void {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  function open(): void {
    close();
    tell(failures ? "lost" : "connecting");
    source = new EventSource(url);
    source.onerror = lost;
    for (const name of [...Object.keys(handlers), "heartbeat"]) {
      source.addEventListener(name, (event: MessageEvent<string>) => {
        failures = 0;
        link = { ...link, heardAt: Date.now() };
        tell("live");
        after(SILENCE, lost);
        handlers[name]?.(JSON.parse(event.data));
      });
    }
    after(SILENCE, lost);
  }

  function lost(): void {
    close();
    const pause = wait(failures, Math.random());
    failures += 1;
    tell("lost", Date.now() + pause);
    after(pause, open);
  }

  function rest(): void {
    close();
    tell("resting");
  }

  function looked(): void {
    clearTimeout(drowsy);
    if (document.hidden) {
      drowsy = setTimeout(rest, HIDDEN_REST);
    } else if (!source) {
      failures = 0;
      open();
    }
  }

  document.addEventListener("visibilitychange", looked);
  if (document.hidden) rest();
  else open();
  return {
    stop() {
      document.removeEventListener("visibilitychange", looked);
      clearTimeout(drowsy);
      close();
    },
    retryNow: open,
  };
}
