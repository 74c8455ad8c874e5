/** All rollouts of data on one page. */

import { useEffect, useMemo, useRef } from "preact/hooks";
import { data as shared, followData } from "../feeds";
import { caveat } from "../fleet/standing";
import { announce } from "../shell/announcer";
import { useStore } from "../store";
import { count, many } from "../words";
import { DataLegend } from "./bar";
import type { Data, Rollout } from "./model";
import { RolloutCard } from "./rollout";
import { headline, inOrder, phaseSaid, totalsOf, type Totals } from "./standing";

export function DataPage() {
  useEffect(followData, []);
  useEffect(() => {
    document.title = "Data · Kubervisor";
  }, []);
  const data = useStore(shared);
  const rollouts = useMemo(() => inOrder(data?.rollouts ?? []), [data]);
  useAnnounced(rollouts);
  if (!data) {
    return (
      <div class="page" aria-busy="true">
        <h1 class="quiet">Asking the controller…</h1>
      </div>
    );
  }
  const warning = caveat(data.controller);
  return (
    <div class="page data-page">
      {warning && (
        <p class="caveat" role="note">
          <bdi dir="auto">{warning}</bdi>
        </p>
      )}
      <h1>{headline(data)}</h1>
      {rollouts.length === 0 ? <Nothing data={data} /> : <All data={data} rollouts={rollouts} />}
    </div>
  );
}

function All({ data, rollouts }: { data: Data; rollouts: readonly Rollout[] }) {
  return (
    <>
      <Figures totals={totalsOf(rollouts)} />
      <DataLegend />
      <div class="rollouts">
        {rollouts.map((one) => (
          <RolloutCard key={`${one.namespace}/${one.name}`} rollout={one} />
        ))}
      </div>
      {data.more && (
        <p class="nothing">
          There are more than {many(rollouts.length, "source")}:{" "}
          <code>kubectl kubervisor data -A</code> lists them all.
        </p>
      )}
    </>
  );
}

function Figures({ totals }: { totals: Totals }) {
  const figures: [string, number, string][] = [
    ["Sources", totals.sources, ""],
    ["Settled", totals.settled, ""],
    ["Rolling out", totals.rollingOut, ""],
    ["Rolled back", totals.backs, "is-ejected"],
    ["In quarantine", totals.quarantined, ""],
    ["Pods with data", totals.users, ""],
  ];
  return (
    <ul class="figures" aria-label="Data in figures">
      {figures.map(([label, value, tone]) => (
        <li key={label} class={value > 0 ? tone : ""}>
          <strong>{count(value)}</strong>
          <span>{label}</span>
        </li>
      ))}
    </ul>
  );
}

function Nothing({ data }: { data: Data }) {
  if (data.problem) {
    return (
      <p class="nothing" role="note">
        <bdi dir="auto">{data.problem}</bdi>
      </p>
    );
  }
  return (
    <p class="nothing">
      A pod uses a source by an annotation such as <code>data.autocrane.io/prices: prices</code>. As
      soon as one does, the controller of data makes a DataRollout, and it appears here.
    </p>
  );
}

/** Says aloud when a source comes to another phase. */
function useAnnounced(rollouts: readonly Rollout[]): void {
  const known = useRef<ReadonlyMap<string, string> | null>(null);
  useEffect(() => {
    const now = new Map(rollouts.map((one) => [`${one.namespace}/${one.name}`, phaseSaid(one)]));
    for (const one of rollouts) {
      const before = known.current?.get(`${one.namespace}/${one.name}`);
      if (before !== undefined && before !== phaseSaid(one)) {
        announce(`Source ${one.source}: ${phaseSaid(one)}`.slice(0, 300));
      }
    }
    known.current = now;
  }, [rollouts]);
}
