/** One source's pods as a bar: who has the candidate, who the last known good version. */

import { listed } from "../words";
import { barOf, countsOf, HEIGHT, markAt, WIDTH, type Counts, type Kind } from "./cells";
import type { Rollout } from "./model";

const SAID: Record<Kind, string> = {
  good: "last known good",
  trying: "candidate, on probation",
  proven: "candidate, proven",
  other: "another version or none",
};
const NONE: Counts = { good: 0, trying: 0, proven: 0, other: 0 };

/** The bar in words, for those who do not see it. */
export function barInWords(counts: Counts): string {
  const kinds = Object.keys(SAID) as Kind[];
  const parts = kinds.filter((kind) => counts[kind] > 0);
  if (parts.length === 0) return "no pods";
  return `Pods by version: ${listed(parts.map((kind) => `${counts[kind]} ${SAID[kind]}`))}`;
}

export function DataBar({ rollout }: { rollout: Rollout }) {
  const counts = countsOf(rollout);
  if (!counts || !rollout.users) return null;
  const bar = barOf(counts);
  const stages = rollout.candidate ? rollout.rules.stages : [];
  const marks = stages.map((percent) => markAt(percent, rollout.users ?? 0));
  return (
    <svg
      class="bar is-large"
      role="img"
      aria-label={barInWords(counts)}
      viewBox={`0 -4 ${WIDTH} ${HEIGHT + 8}`}
      preserveAspectRatio="none"
    >
      {Object.entries(bar.paths).map(([kind, path]) => (
        <path key={kind} class={`cell is-${kind}`} d={path} />
      ))}
      {bar.gaps && <path class="gaps" d={bar.gaps} />}
      {marks.map(
        (x) => x !== null && <line key={x} class="floor" x1={x} x2={x} y1={-4} y2={HEIGHT + 4} />,
      )}
    </svg>
  );
}

export function DataLegend() {
  return (
    <ul class="legend" aria-label="What the bars show">
      {(Object.keys(SAID) as Kind[]).map((kind) => (
        <li key={kind}>
          <svg viewBox={`0 0 10 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
            <path
              class={`cell is-${kind}`}
              transform={`scale(${10 / WIDTH} 1)`}
              d={barOf({ ...NONE, [kind]: 1 }).paths[kind]}
            />
          </svg>
          {SAID[kind]}
        </li>
      ))}
      <li>
        <svg viewBox={`0 0 10 ${HEIGHT}`} aria-hidden="true">
          <line class="floor" x1="5" x2="5" y1="0" y2={HEIGHT} />
        </svg>
        end of a stage
      </li>
    </ul>
  );
}
