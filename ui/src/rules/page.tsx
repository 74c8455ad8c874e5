/** All remediation rules on one page; nothing can be changed here. */

import { useEffect, useMemo, useRef } from "preact/hooks";
import { followRules, rules as shared } from "../feeds";
import { caveat } from "../fleet/standing";
import { announce } from "../shell/announcer";
import { useStore } from "../store";
import { count } from "../words";
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
  useEffect(() => {
    document.title = "Rules · Kubervisor";
  }, []);
  const found = useStore(shared);
  const rules = useMemo(() => inOrder(found?.rules ?? []), [found]);
  useAnnounced(rules);
  if (!found) {
    return (
      <div class="page" aria-busy="true">
        <h1 class="quiet">Asking the controller…</h1>
      </div>
    );
  }
  const warning = caveat(found.controller);
  return (
    <div class="page rules-page">
      {warning && (
        <p class="caveat" role="note">
          <bdi dir="auto">{warning}</bdi>
        </p>
      )}
      <h1>{headline(found)}</h1>
      {rules.length === 0 ? <Nothing found={found} /> : <All found={found} rules={rules} />}
    </div>
  );
}

function All({ found, rules }: { found: Rules; rules: readonly Rule[] }) {
  return (
    <>
      <Figures totals={totalsOf(found)} />
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

function Figures({ totals }: { totals: Totals }) {
  const figures: [string, number, string][] = [
    ["Rules", totals.rules, ""],
    ["Objects", totals.objects, ""],
    ["Triggered", totals.triggered, ""],
    ["Acted on", totals.acting, ""],
    ["To be approved", totals.pending, "is-floor"],
    ["Not acted on", totals.declined, "is-ejected"],
  ];
  return (
    <ul class="figures" aria-label="Rules in figures">
      {figures.map(([label, value, tone]) => (
        <li key={label} class={value > 0 ? tone : ""}>
          <strong>{count(value)}</strong>
          <span>{label}</span>
        </li>
      ))}
    </ul>
  );
}

function Nothing({ found }: { found: Rules }) {
  if (found.problem) {
    return (
      <p class="nothing" role="note">
        <bdi dir="auto">{found.problem}</bdi>
      </p>
    );
  }
  return (
    <p class="nothing">
      A rule is an <code>AutopilotRule</code>: it says by which metrics something is done about which
      objects. As soon as there is one, it appears here.
    </p>
  );
}

/** Says aloud when a rule comes to stand elsewhere. */
function useAnnounced(rules: readonly Rule[]): void {
  const known = useRef<ReadonlyMap<string, string> | null>(null);
  useEffect(() => {
    for (const one of rules) {
      const before = known.current?.get(one.name);
      if (before !== undefined && before !== standingSaid(one)) {
        announce(`Rule ${one.name}: ${standingSaid(one)}`.slice(0, 300));
      }
    }
    known.current = new Map(rules.map((one) => [one.name, standingSaid(one)]));
  }, [rules]);
}
