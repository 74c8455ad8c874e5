/** What changes while somebody listens: said once, politely. */

import { store, useStore } from "../store";

const said = store("");

/** Has screen readers say `text` when they next pause. */
export function announce(text: string): void {
  said.set(text);
}

export function Announcer() {
  return (
    <div class="hidden" role="log" aria-live="polite" aria-label="Latest change">
      {useStore(said)}
    </div>
  );
}
