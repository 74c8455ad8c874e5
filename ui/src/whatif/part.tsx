/** What if a breaker's setting had been another one in the last hour? */

import { useMemo, useState } from "preact/hooks";
import { Copyable } from "../design/copy";
import { BreakerChoice } from "../service/breakers";
import { Scores } from "../service/scores";
import { budgetOf, chartOf } from "../service/series";
import { isJudging } from "../service/standing";
import { NO_TAIL } from "../service/tail";
import type { Breaker, History, Knob, Service } from "../model";
import { many, measured } from "../words";
import { inSpec, placeOf, STEPS, valueAt } from "./knob";
import { Outcome } from "./outcome";
import { Raster } from "./raster";
import { replay, triedThreshold } from "./replay";

export function WhatIf(props: {
  service: Service;
  history: History | null;
  breaker: Breaker | undefined;
  choose: (breaker: string) => void;
}) {
  const { service, history, breaker, choose } = props;
  return (
    <section aria-labelledby="what-if" class="what-if">
      <div class="tools">
        <h2 id="what-if">What if</h2>
        <BreakerChoice breakers={service.breakers} value={breaker?.name} chosen={choose} />
      </div>
      {!breaker && <p class="nothing">No breaker runs here, so nothing was judged.</p>}
      {breaker && breaker.knobs.length === 0 && (
        <p class="nothing">
          Breaker <bdi dir="auto">{breaker.name}</bdi> asks a service of yours: there is no setting
          to try.
        </p>
      )}
      {breaker && breaker.knobs.length > 0 && (
        <Trial key={breaker.name} service={service} history={history} breaker={breaker} />
      )}
    </section>
  );
}

function Trial(props: { service: Service; history: History | null; breaker: Breaker }) {
  const { service, history, breaker } = props;
  const [name, setName] = useState(breaker.knobs[0]?.name ?? "");
  const [values, setValues] = useState<Record<string, number>>({});
  const [chosen, choose] = useState("");
  const knob = breaker.knobs.find((one) => one.name === name) ?? breaker.knobs[0];
  const x = knob ? (values[knob.name] ?? knob.value) : 0;
  const chart = useMemo(
    () => chartOf(breaker, history, NO_TAIL, service),
    [breaker, history, service.decisions, service.pods],
  );
  const budget = useMemo(() => budgetOf(history, NO_TAIL), [history]);
  const found = useMemo(
    () => (knob ? replay(breaker, knob, x, history, service.decisions) : null),
    [breaker, knob, x, history, service.decisions],
  );
  const tried = useMemo(() => {
    const minutes = knob && x !== knob.value ? triedThreshold(breaker, knob, x, history) : null;
    return minutes && chart.minutes.map((i) => (i === undefined ? undefined : minutes[i]));
  }, [breaker, knob, x, history, chart]);
  if (!knob || !found) return null;
  return (
    <div class="trial">
      <fieldset class="knobs">
        <legend class="hidden">Setting to try</legend>
        {breaker.knobs.map((one) => (
          <Slider
            key={one.name}
            knob={one}
            active={one.name === knob.name}
            value={values[one.name] ?? one.value}
            set={(value) => {
              setName(one.name);
              setValues({ [one.name]: value });
            }}
          />
        ))}
      </fieldset>
      <Outcome found={found} knob={knob} x={x} minutes={history?.minutes ?? 0} />
      <Scores
        breaker={breaker}
        chart={chart}
        budget={budget}
        judging={isJudging(service)}
        decisions={service.decisions}
        chosen={chosen}
        choose={choose}
        tried={tried}
        until={0}
      />
      <Raster rows={found.rows} history={history} />
      <div class="limits">
        <h3>What this cannot tell</h3>
        <p>
          Each kept minute is judged again by itself. Later consequences are not replayed: other
          ejections, returns, the budget, and that {many(breaker.matches.need, "step")} of{" "}
          {breaker.matches.of} must agree. To replay those, run a backtest with{" "}
          <code>{knob.field}</code> set to <code>{inSpec(knob, x)}</code>:
        </p>
        <Copyable text={service.backtest} label="Backtest command" />
      </div>
    </div>
  );
}

function Slider(props: {
  knob: Knob;
  active: boolean;
  value: number;
  set: (value: number) => void;
}) {
  const { knob, value, set } = props;
  const unit = knob.unit;
  return (
    <div class={props.active ? "knob is-active" : "knob"}>
      <label for={`knob-${knob.name}`}>{knob.label}</label>
      <output for={`knob-${knob.name}`}>{measured(value, unit)}</output>
      <input
        id={`knob-${knob.name}`}
        type="range"
        min={0}
        max={STEPS}
        value={placeOf(knob, value)}
        aria-valuetext={measured(value, unit)}
        onInput={(event) => set(valueAt(knob, Number(event.currentTarget.value)))}
      />
      <span class="quiet">in force {measured(knob.value, unit)}</span>
      <button
        type="button"
        class="inline"
        disabled={value === knob.value}
        onClick={() => set(knob.value)}
      >
        Reset<span class="hidden"> {knob.label}</span>
      </button>
    </div>
  );
}
