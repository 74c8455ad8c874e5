/** What the cells of a bar mean. */

import { HEIGHT, barOf, type Counts, type Kind } from "./cells";

const NONE: Counts = { serving: 0, probation: 0, waiting: 0, ejected: 0, paused: 0 };
const KINDS: readonly [Kind, string][] = [
  ["serving", "serving"],
  ["probation", "probation"],
  ["ejected", "ejected"],
  ["paused", "paused"],
  ["waiting", "not ready"],
];

export function Legend() {
  return (
    <ul class="legend" aria-label="What the bars show">
      {KINDS.map(([kind, label]) => (
        <li key={kind}>
          <svg viewBox={`0 0 10 ${HEIGHT}`} aria-hidden="true">
            <path class={`cell is-${kind}`} d={barOf({ ...NONE, [kind]: 1 }, null).paths[kind]} />
          </svg>
          {label}
        </li>
      ))}
      <li>
        <svg viewBox={`0 0 10 ${HEIGHT}`} aria-hidden="true">
          <line class="floor" x1="5" x2="5" y1="0" y2={HEIGHT} />
        </svg>
        floor
      </li>
    </ul>
  );
}
