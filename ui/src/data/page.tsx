/** All rollouts of data on one page. */

import { useEffect, useMemo } from "preact/hooks";
import { Figures, type Figure } from "../design/figures";
import { data as shared, followData, keyOf } from "../feeds";
import { useAnnouncedStandings } from "../shell/announcer";
import { Nothing, Page, useTitle, Waiting } from "../shell/page";
import { useStore } from "../store";
import { many } from "../words";
import { DataLegend } from "./bar";
import type { Data, Rollout } from "./model";
import { RolloutCard } from "./rollout";
import { headline, inOrder, phaseSaid, totalsOf, type Totals } from "./standing";

export function DataPage() {
  useEffect(followData, []);
  useTitle("Data");
  const data = useStore(shared);
  const rollouts = useMemo(() => inOrder(data?.rollouts ?? []), [data]);
  useAnnouncedStandings(rollouts, keyOf, (one) => `Source ${one.source}`, phaseSaid);
  if (!data) return <Waiting />;
  return (
    <Page name="data" by={data.controller} headline={headline(data)}>
      {rollouts.length === 0 ? (
        <Nothing problem={data.problem}>
          A pod uses a source by an annotation such as{" "}
          <code>data.autocrane.io/prices: prices</code>. As soon as one does, the controller of data
          makes a DataRollout, and it appears here.
        </Nothing>
      ) : (
        <All data={data} rollouts={rollouts} />
      )}
    </Page>
  );
}

function All({ data, rollouts }: { data: Data; rollouts: readonly Rollout[] }) {
  return (
    <>
      <Figures label="Data in figures" figures={figuresOf(totalsOf(rollouts))} />
      <DataLegend />
      <div class="rollouts">
        {rollouts.map((one) => (
          <RolloutCard key={keyOf(one)} rollout={one} />
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

function figuresOf(sum: Totals): Figure[] {
  return [
    ["Sources", sum.sources],
    ["Settled", sum.settled],
    ["Rolling out", sum.rollingOut],
    ["Rolled back", sum.backs, "is-ejected"],
    ["In quarantine", sum.quarantined],
    ["Pods with data", sum.users],
  ];
}
