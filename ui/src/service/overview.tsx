/** The chart, the decisions with their evidence, and the pods. */

import { useMemo, useState } from "preact/hooks";
import type { Breaker, History, Service } from "../model";
import { BreakerChoice } from "./breakers";
import { Conditions } from "./conditions";
import { Decisions } from "./decisions";
import { Pods } from "./pods";
import { Scores } from "./scores";
import { budgetOf, chartOf } from "./series";
import { isJudging } from "./standing";
import type { Tail } from "./tail";

export function Overview(props: {
  service: Service;
  history: History | null;
  tail: Tail;
  breaker: Breaker | undefined;
  choose: (breaker: string) => void;
}) {
  const { service, history, tail, breaker, choose } = props;
  const chart = useMemo(
    () => (breaker ? chartOf(breaker, history, tail, service) : null),
    [service, breaker, history, tail],
  );
  const budget = useMemo(() => budgetOf(history, tail), [history, tail]);
  // Until the reader has chosen, the newest decision's evidence is open.
  const [picked, pick] = useState<string | null>(null);
  const chosen = picked ?? service.decisions[0]?.id ?? "";
  const show = (id: string): void => {
    pick(id);
    const by = service.decisions.find((one) => one.id === id)?.breaker;
    if (by && by !== breaker?.name) choose(by);
  };
  return (
    <div class="overview">
      <Conditions conditions={service.conditions} />
      <section class="chart" aria-labelledby="scores">
        <div class="tools">
          <h2 id="scores">Scores</h2>
          <BreakerChoice breakers={service.breakers} value={breaker?.name} chosen={choose} />
        </div>
        {breaker && chart ? (
          <Scores
            breaker={breaker}
            chart={chart}
            budget={budget}
            judging={isJudging(service)}
            decisions={service.decisions}
            chosen={chosen}
            choose={show}
            note={history?.note ?? ""}
            until={service.at}
          />
        ) : (
          <p class="nothing">No breaker runs here, so nothing is scored.</p>
        )}
      </section>
      <Decisions
        decisions={service.decisions}
        breakers={service.breakers}
        pods={service.pods}
        chosen={chosen}
        choose={show}
      />
      <Pods service={service} breaker={breaker} />
    </div>
  );
}
