/** Asks for a document again and again while somebody looks; nothing is asked while nobody does. */

import { HIDDEN_REST, SILENCE, wait, type Following, type Link, type Liveness } from "../live";

export const EVERY = 3_000;

/** Hands each answer of `url` to `heard`, parsed, and tells `told` how the link is. */
export function ask(
  url: string,
  heard: (document: unknown) => void,
  told: (link: Link) => void,
): Following {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let drowsy: ReturnType<typeof setTimeout> | undefined;
  let under: AbortController | null = null;
  let failures = 0;
  let link: Link = { state: "connecting", heardAt: null, retryAt: null };

  function tell(state: Liveness, retryAt: number | null = null): void {
    link = { ...link, state, retryAt };
    told(link);
  }

  function close(): void {
    clearTimeout(timer);
    under?.abort();
    under = null;
  }

  async function look(): Promise<void> {
    close();
    const mine = new AbortController();
    under = mine;
    const silence = setTimeout(() => mine.abort(), SILENCE);
    let found: unknown;
    try {
      const answer = await fetch(url, { signal: mine.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      found = await answer.json();
    } catch {
      if (under === mine) lost();
      return;
    } finally {
      clearTimeout(silence);
    }
    if (under !== mine) return;
    failures = 0;
    link = { ...link, heardAt: Date.now() };
    heard(found);
    tell("live");
    timer = setTimeout(() => void look(), EVERY);
  }

  function lost(): void {
    const pause = wait(failures, Math.random());
    failures += 1;
    tell("lost", Date.now() + pause);
    timer = setTimeout(() => void look(), pause);
  }

  function rest(): void {
    close();
    tell("resting");
  }

  function looked(): void {
    clearTimeout(drowsy);
    if (document.hidden) drowsy = setTimeout(rest, HIDDEN_REST);
    else if (link.state !== "live") void look();
  }

  document.addEventListener("visibilitychange", looked);
  if (document.hidden) rest();
  else {
    tell("connecting");
    void look();
  }
  return {
    stop() {
      document.removeEventListener("visibilitychange", looked);
      clearTimeout(drowsy);
      close();
    },
    retryNow: () => void look(),
  };
}
