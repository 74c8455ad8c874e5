/** The chart as a table, newest first: made only while it is open. */

import { useState } from "preact/hooks";
import { PodName } from "../design/text";
import type { Breaker } from "../model";
import { measured, timeOfDay } from "../words";
import { unitOf } from "./readout";
import { asOf, type Chart } from "./series";

const MOST_ROWS = 120;

export function ScoreTable({ breaker, chart }: { breaker: Breaker; chart: Chart }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="more" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Values as a table</summary>
      {open && <Values breaker={breaker} chart={chart} />}
    </details>
  );
}

function Values({ breaker, chart }: { breaker: Breaker; chart: Chart }) {
  const unit = unitOf(breaker);
  const say = (value: number | null): string =>
    value === null ? "–" : measured(value, unit);
  const newest = chart.times.map((_, i) => chart.times.length - 1 - i).slice(0, MOST_ROWS);
  return (
    <div class="wide" role="region" aria-label="Scores by time" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Threshold</th>
            <th scope="col">Fleet, low</th>
            <th scope="col">Fleet, middle</th>
            <th scope="col">Fleet, high</th>
            {chart.told.map((line) => (
              <th scope="col" key={line.uid}>
                <PodName name={line.name} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {newest.map((i) => (
            <tr key={chart.times[i]}>
              <th scope="row">{timeOfDay(chart.times[i] ?? 0)}</th>
              <td>{say(asOf(chart.threshold, i))}</td>
              <td>{say(asOf(chart.low, i))}</td>
              <td>{say(asOf(chart.middle, i))}</td>
              <td>{say(asOf(chart.high, i))}</td>
              {chart.told.map((line) => (
                <td key={line.uid}>
                  {say(asOf(line.values, i))}
                  {line.outlier[i] && " (outlier)"}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
