/** The members as a table: state, since when, by which breaker, and how much longer.

Roles are written out: a narrow page stacks the cells, and browsers forget that it is a table. */

import { useState } from "preact/hooks";
import { StateName } from "../design/shapes";
import { Ago, PodName, Until } from "../design/text";
import { Hold } from "../fleet/out";
import type { Breaker, Kept, Pod, PodState, Service } from "../model";
import { reasonSaid } from "../reasons";
import { many, measured } from "../words";
import { WatchdogTag } from "./watchdogs";

const RANK: Record<PodState, number> = {
  ejecting: 0,
  ejected: 1,
  terminating: 2,
  paused: 3,
  held: 4,
  probation: 5,
  waiting: 6,
  serving: 8,
};

/** All that need a look are among the first. */
const SHOWN_FIRST = 100;

/** Those that are out first, then those watched or kept, then the rest by name. */
export function inOrder(pods: readonly Pod[], kept: readonly Kept[]): Pod[] {
  const watched = new Set(kept.map((one) => one.uid));
  const rank = (pod: Pod): number => Math.min(RANK[pod.state], watched.has(pod.uid) ? 7 : 9);
  return [...pods].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

export function Pods({ service, breaker }: { service: Service; breaker: Breaker | undefined }) {
  const [all, setAll] = useState(false);
  const kept = new Map(service.kept.map((one) => [one.uid, one]));
  const ordered = inOrder(service.pods, service.kept);
  const shown = all ? ordered : ordered.slice(0, SHOWN_FIRST);
  if (ordered.length === 0) {
    return (
      <section aria-labelledby="pods">
        <h2 id="pods">Pods</h2>
        <p class="nothing">No pods.</p>
      </section>
    );
  }
  return (
    <section aria-labelledby="pods">
      <h2 id="pods">Pods</h2>
      <div class="wide" role="region" aria-label="Pods, scrollable" tabIndex={0}>
        <table class="pods stacks" role="table">
          <thead role="rowgroup">
            <tr role="row">
              <th role="columnheader" scope="col">Pod</th>
              <th role="columnheader" scope="col">State</th>
              <th role="columnheader" scope="col">Since</th>
              <th role="columnheader" scope="col">By</th>
              <th role="columnheader" scope="col">Hold left</th>
              <th role="columnheader" scope="col" class="number">
                {breaker ? <bdi dir="auto">{breaker.name}</bdi> : "Score"}
              </th>
            </tr>
          </thead>
          <tbody role="rowgroup">
            {shown.map((pod) => (
              <Line key={pod.uid} pod={pod} kept={kept.get(pod.uid)} breaker={breaker} />
            ))}
          </tbody>
        </table>
      </div>
      {ordered.length > SHOWN_FIRST && (
        <p>
          <button type="button" class="inline" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? "Show fewer pods" : `Show all ${many(ordered.length, "pod")}`}
          </button>
        </p>
      )}
      {(service.podsLeftOut ?? 0) > 0 && (
        <p class="quiet">{many(service.podsLeftOut ?? 0, "more pod")} not listed.</p>
      )}
    </section>
  );
}

function Line(props: { pod: Pod; kept: Kept | undefined; breaker: Breaker | undefined }) {
  const { pod, kept, breaker } = props;
  const since = pod.ejection?.at ?? pod.returnedAt ?? pod.startedAt ?? pod.createdAt;
  return (
    <tr role="row" class={`is-${pod.state}`}>
      <th role="rowheader" scope="row">
        <PodName name={pod.name} />
        <WatchdogTag watchdogs={pod.watchdogs} />
        {kept && (
          <span class="tag is-kept" title={kept.evidence.slice(0, 300)}>
            outlier, kept: {reasonSaid(kept.reason)}
          </span>
        )}
      </th>
      <td role="cell" class="how">
        <StateName state={pod.state} />
        {pod.retries > 0 && <span class="quiet"> {many(pod.retries, "retry", "retries")}</span>}
      </td>
      <td role="cell" class="since">
        <Ago at={since} />
      </td>
      <td role="cell" class="by">
        {pod.ejection && <bdi dir="auto">{pod.ejection.breaker}</bdi>}
      </td>
      <td role="cell" class="left">
        {pod.ejection?.until != null && <Hold until={pod.ejection.until} />}
        {pod.probationUntil !== null && pod.state === "probation" && (
          <Watched until={pod.probationUntil} />
        )}
      </td>
      <td role="cell" class="number">
        {breaker && <Score pod={pod} breaker={breaker} />}
      </td>
    </tr>
  );
}

function Watched({ until }: { until: number }) {
  return (
    <span class="quiet">
      watched <Until at={until} />
    </span>
  );
}

function Score({ pod, breaker }: { pod: Pod; breaker: Breaker }) {
  const score = pod.scores.find((one) => one.breaker === breaker.name);
  if (!score) return <span class="quiet">–</span>;
  if (score.value === null) {
    return <span class={score.judged === "outlier" ? "is-outlier" : "quiet"}>{score.judged}</span>;
  }
  return (
    <span class={score.judged === "outlier" ? "is-outlier" : ""}>
      {measured(score.value, breaker.unit === "%" ? "%" : "")}
      {score.judged === "outlier" && <span class="tag">outlier</span>}
      {score.judged === "inconclusive" && <span class="quiet"> inconclusive</span>}
    </span>
  );
}
