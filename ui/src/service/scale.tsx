/** Value, peers and threshold on one line, to be seen instead of compared in the head. */

import type { Breaker, Numbers } from "../model";
import { measured } from "../words";

interface Stop {
  name: string;
  value: number;
  class: string;
}

/** Places on the line in percent, with room beyond both ends; 0 is on it where nothing is less. */
export function places(values: readonly number[]): number[] {
  const low = Math.min(0, ...values);
  const high = Math.max(...values, low);
  const room = (high - low || 1) * 1.06;
  return values.map((value) => ((value - low) / room) * 100);
}

export function Scale({ numbers, breaker }: { numbers: Numbers; breaker: Breaker }) {
  const { value, threshold, baseline } = numbers;
  if (value === null || threshold === null) return null;
  const stops: Stop[] = [
    ...(baseline === null ? [] : [{ name: "peers", value: baseline, class: "is-peers" }]),
    { name: "threshold", value: threshold, class: "is-threshold" },
    { name: "this pod", value, class: "is-value" },
  ];
  const at = places(stops.map((stop) => stop.value));
  const unit = breaker.unit === "%" ? "%" : "";
  const said = stops.map((stop) => `${stop.name} ${measured(stop.value, unit)}`).join(", ");
  const line = at[stops.length - 2] ?? 0;
  const below = breaker.side === "below";
  return (
    <svg class="scale" role="img" aria-label={said} width="100%" height="42">
      <rect class="track" x="0" y="18" width="100%" height="6" rx="3" />
      <rect
        class="beyond"
        x={below ? "0" : `${line}%`}
        y="18"
        width={below ? `${line}%` : `${100 - line}%`}
        height="6"
      />
      {stops.map((stop, n) => (
        <g key={stop.name} class={stop.class}>
          <Pointer kind={stop.class} x={at[n] ?? 0} />
          <text
            x={`${at[n]}%`}
            y={stop.class === "is-threshold" ? 40 : 11}
            text-anchor={anchor(at[n] ?? 0)}
          >
            {stop.name} {measured(stop.value, unit)}
          </text>
        </g>
      ))}
    </svg>
  );
}

function anchor(at: number): "start" | "middle" | "end" {
  return at < 20 ? "start" : at > 80 ? "end" : "middle";
}

function Pointer({ kind, x }: { kind: string; x: number }) {
  if (kind === "is-threshold") return <line x1={`${x}%`} x2={`${x}%`} y1="14" y2="28" />;
  return <circle cx={`${x}%`} cy="21" r={kind === "is-value" ? 6 : 5} />;
}
