/** All phase workflows on one page; nothing can be changed here. */

import { useEffect } from "preact/hooks";
import { Figures, type Figure } from "../design/figures";
import { followWorkflows, workflows as shared } from "../feeds";
import { useAnnouncedStandings } from "../shell/announcer";
import { Nothing, Page, useTitle, Waiting } from "../shell/page";
import { useStore } from "../store";
import type { Workflow, Workflows } from "./model";
import { headline, keyOf, kindOf, phaseSaid, totalsOf, type Totals } from "./standing";
import { WorkflowCard } from "./workflow";

const NONE: readonly Workflow[] = [];

export function WorkflowsPage() {
  useEffect(followWorkflows, []);
  useTitle("Workflows");
  const found = useStore(shared);
  useAnnouncedStandings(
    found?.workflows ?? NONE,
    keyOf,
    (one) => `${one.kind} ${one.name}`,
    phaseSaid,
  );
  if (!found) return <Waiting />;
  return (
    <Page name="workflows" by={found.controller} headline={headline(found)}>
      <Unseen found={found} />
      {found.workflows.length === 0 ? (
        <Nothing problem={found.problem}>
          A workflow is an object of a kind of its own, which an operator brings from phase to
          phase: <code>kubervisor workflow init</code> begins the project of one. As soon as there
          is such an object, it appears here.
        </Nothing>
      ) : (
        <All found={found} />
      )}
    </Page>
  );
}

function All({ found }: { found: Workflows }) {
  return (
    <>
      <Figures label="Workflows in figures" figures={figuresOf(totalsOf(found))} />
      <div class="rollouts">
        {found.workflows.map((one) => (
          <WorkflowCard key={keyOf(one)} one={one} kind={kindOf(one, found.kinds)} />
        ))}
      </div>
      {found.more && (
        <p class="nothing">
          There are more than fit here: <code>kubectl kubervisor workflows -A</code> lists them all.
        </p>
      )}
    </>
  );
}

/** Kinds whose objects cannot be seen, and why. */
function Unseen({ found }: { found: Workflows }) {
  return (
    <>
      {found.kinds
        .filter((kind) => kind.problem)
        .map((kind) => (
          <p key={`${kind.group}/${kind.kind}`} class="caveat" role="note">
            Objects of{" "}
            <bdi dir="auto">
              {kind.kind} ({kind.group})
            </bdi>{" "}
            cannot be seen. {kind.problem}
          </p>
        ))}
    </>
  );
}

function figuresOf(sum: Totals): Figure[] {
  return [
    ["Workflows", sum.workflows],
    ["On the way", sum.onTheWay],
    ["At their end", sum.complete],
    ["Need a look", sum.wrong, "is-ejected"],
    ["Kinds", sum.kinds],
  ];
}
