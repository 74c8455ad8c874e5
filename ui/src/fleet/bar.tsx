/** One Service's members as a bar: who serves, who is out, and the floor's line through it. */

import { listed, many } from "../words";
import { barOf, HEIGHT, type Counts, type Kind } from "./cells";

const SAID: Record<Kind, string> = {
  serving: "serving",
  probation: "on probation",
  waiting: "not ready",
  ejected: "ejected",
  paused: "paused",
};

/** The bar in words, for those who do not see it. */
export function barInWords(counts: Counts, floor: number | null): string {
  const kinds = Object.keys(SAID) as Kind[];
  const parts = kinds.filter((kind) => counts[kind] > 0).map((k) => `${counts[k]} ${SAID[k]}`);
  const said = parts.length ? listed(parts) : "no members";
  return floor === null ? said : `${said}; floor ${many(floor, "pod")}`;
}

export function FleetBar(props: { counts: Counts; floor: number | null; large?: boolean }) {
  const bar = barOf(props.counts, props.floor);
  return (
    <svg
      class={props.large ? "bar is-large" : "bar"}
      role="img"
      aria-label={barInWords(props.counts, props.floor)}
      viewBox={`0 -4 ${bar.width} ${HEIGHT + 8}`}
      preserveAspectRatio="none"
    >
      {Object.entries(bar.paths).map(([kind, path]) => (
        <path key={kind} class={`cell is-${kind}`} d={path} />
      ))}
      {bar.gaps && <path class="gaps" d={bar.gaps} />}
      {bar.floor !== null && (
        <line class="floor" x1={bar.floor} x2={bar.floor} y1={-4} y2={HEIGHT + 4} />
      )}
    </svg>
  );
}
