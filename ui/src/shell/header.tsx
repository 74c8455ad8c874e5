/** The bar on top of every page: whose it is, whether what it shows is current, and its colours. */

import { useNow } from "../clock";
import { controller, link, retryNow } from "../feeds";
import type { Place } from "../router";
import { useStore } from "../store";
import { span } from "../words";
import { ThemeSwitch } from "./theme";

export function Header({ page }: { page: Place["page"] }) {
  const by = useStore(controller);
  return (
    <header class="top">
      <a class="brand" href="/" aria-label="Kubervisor, to the fleet">
        <svg viewBox="0 0 20 20" aria-hidden="true">
          <path d="M2 6h4v11H2zM8 6h4v11H8zM14 1h4v7h-4z" />
          <path class="line" d="M0 12h20" />
        </svg>
        <span>Kubervisor</span>
      </a>
      <nav class="places" aria-label="Pages">
        <a href="/" aria-current={page === "fleet" ? "page" : page === "service" ? "true" : undefined}>
          Services
        </a>
        <a href="/data" aria-current={page === "data" ? "page" : undefined}>
          Data
        </a>
        <a href="/rules" aria-current={page === "rules" ? "page" : undefined}>
          Rules
        </a>
        <a href="/workflows" aria-current={page === "workflows" ? "page" : undefined}>
          Workflows
        </a>
      </nav>
      {by && <span class="quiet version">{by.version}</span>}
      <LinkState />
      <ThemeSwitch />
    </header>
  );
}

/** Whether the page is current, and if not, how old it is. */
function LinkState() {
  const { state, heardAt } = useStore(link);
  return (
    <div class={`link is-${state}`}>
      <span role="status">
        <i aria-hidden="true" />
        {state === "live" && "Live"}
        {state === "connecting" && "Connecting"}
        {state === "resting" && "Resting"}
        {state === "lost" && (heardAt === null ? "No answer, retrying" : "Connection lost")}
      </span>
      {state === "lost" && (
        <span>
          {heardAt !== null && <Age since={heardAt} />}
          <button type="button" class="inline" onClick={retryNow}>
            Retry now
          </button>
        </span>
      )}
    </div>
  );
}

/** Apart from the status, or a screen reader would hear each second pass. */
function Age({ since }: { since: number }) {
  useNow();
  return <>Last update {span((Date.now() - since) / 1000)} ago, reconnecting </>;
}
