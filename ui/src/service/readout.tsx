/** The chart's values at one instant: its legend too. */

import { PodName } from "../design/text";
import type { Breaker } from "../model";
import { measured, timeOfDay } from "../words";
import { DASHES } from "./paint";
import type { Tried } from "./plots";
import { asOf, type Chart } from "./series";

export function unitOf(breaker: Breaker): string {
  return breaker.unit === "%" ? "%" : "";
}

/** The reading in words, for the keyboard's slider. */
export function readingSaid(breaker: Breaker, chart: Chart, at: number): string {
  const time = chart.times[at];
  if (time === undefined) return "";
  const unit = unitOf(breaker);
  const say = (value: number | null): string =>
    value === null ? "no value" : measured(value, unit);
  const pods = chart.told.map((line) => {
    const outlier = line.outlier[at] ? ", outlier" : "";
    return `${line.name.slice(-60)} ${say(asOf(line.values, at))}${outlier}`;
  });
  const fleet = `fleet ${say(asOf(chart.low, at))} to ${say(asOf(chart.high, at))}`;
  return [timeOfDay(time), `threshold ${say(asOf(chart.threshold, at))}`, fleet, ...pods].join("; ");
}

export function Readout(props: {
  breaker: Breaker;
  chart: Chart;
  at: number;
  isLatest: boolean;
  tried: Tried;
}) {
  const { breaker, chart, at, tried } = props;
  const unit = unitOf(breaker);
  const say = (value: number | null): string =>
    value === null ? "–" : measured(value, unit);
  const time = chart.times[at];
  return (
    <dl class="readout">
      <div class="instant">
        <dt>{props.isLatest ? "Latest" : "At"}</dt>
        <dd>{time === undefined ? "–" : timeOfDay(time)}</dd>
      </div>
      <div>
        <dt>
          <Swatch class="is-threshold" dash={[6, 4]} /> Threshold
        </dt>
        <dd>{say(asOf(chart.threshold, at))}</dd>
      </div>
      {tried && (
        <div>
          <dt>
            <Swatch class="is-tried" dash={[]} /> Tried
          </dt>
          <dd>{say(asOf(tried, at))}</dd>
        </div>
      )}
      <div>
        <dt>
          <i class="band" aria-hidden="true" /> Fleet
        </dt>
        <dd>
          {say(asOf(chart.low, at))} to {say(asOf(chart.high, at))}
        </dd>
      </div>
      {chart.told.map((line, n) => (
        <div key={line.uid}>
          <dt>
            <Swatch class={`is-pod-${n}`} dash={DASHES[n] ?? []} /> <PodName name={line.name} short />
          </dt>
          <dd class={line.outlier[at] ? "is-outlier" : ""}>
            {say(asOf(line.values, at))}
            {line.outlier[at] && <span class="tag">outlier</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

export function Swatch(props: { class: string; dash: readonly number[] }) {
  return (
    <svg class={`swatch ${props.class}`} viewBox="0 0 22 6" aria-hidden="true">
      <line x1="0" y1="3" x2="22" y2="3" stroke-dasharray={props.dash.join(" ")} />
    </svg>
  );
}
