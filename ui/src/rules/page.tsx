/** All remediation rules on one page; nothing can be changed here. */

import { useEffect, useMemo } from "preact/hooks";
import { Figures, type Figure } from "../design/figures";
import { followRules, rules as shared } from "../feeds";
import { useAnnouncedStandings } from "../shell/announcer";
import { Nothing, Page, useTitle, Waiting } from "../shell/page";
import { useStore } from "../store";
import { Approvals } from "./approvals";
import type { Rule, Rules } from "./model";
import { RuleCard } from "./rule";
import {
  headline,
  inOrder,
  objectsOf,
  pendingOf,
  standingSaid,
  totalsOf,
  type Totals,
} from "./standing";

export function RulesPage() {
  useEffect(followRules, []);
  useTitle("Rules");
  const found = useStore(shared);
  const rules = useMemo(() => inOrder(found?.rules ?? []), [found]);
  useAnnouncedStandings(
    rules,
    (one) => one.name,
    (one) => `Rule ${one.name}`,
    standingSaid,
  );
  if (!found) return <Waiting />;
  return (
    <Page name="rules" by={found.controller} headline={headline(found)}>
      {rules.length === 0 ? (
        <Nothing problem={found.problem}>
          A rule is an <code>AutopilotRule</code>: it says by which metrics something is done about
          which objects. As soon as there is one, it appears here.
        </Nothing>
      ) : (
        <All found={found} rules={rules} />
      )}
    </Page>
  );
}

function All({ found, rules }: { found: Rules; rules: readonly Rule[] }) {
  return (
    <>
      <Figures label="Rules in figures" figures={figuresOf(totalsOf(found))} />
      <Approvals pending={pendingOf(found.approvals)} />
      <div class="rollouts">
        {rules.map((one) => (
          <RuleCard key={one.name} rule={one} objects={objectsOf(one, found.objects)} />
        ))}
      </div>
      {found.more && (
        <p class="nothing">
          There is more than fits here: <code>kubectl kubervisor rules objects -A</code> and{" "}
          <code>kubectl kubervisor approvals -A</code> list it all.
        </p>
      )}
    </>
  );
}

function figuresOf(sum: Totals): Figure[] {
  return [
    ["Rules", sum.rules],
    ["Objects", sum.objects],
    ["Triggered", sum.triggered],
    ["Acted on", sum.acting],
    ["To be approved", sum.pending, "is-floor"],
    ["Not acted on", sum.declined, "is-ejected"],
  ];
}
