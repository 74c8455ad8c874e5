/** Pod by pod, minute by minute: who was called an outlier, and who would be. */

import { PodName } from "../design/text";
import type { History } from "../model";
import { listed, many, timeOfDay } from "../words";
import type { Minute, Row } from "./replay";

const MOST_ROWS = 12;
const KINDS: readonly [Minute, string][] = [
  ["stays", "called an outlier, and would be"],
  ["new", "would be called one besides"],
  ["gone", "would not be called one"],
  ["unknown", "not known"],
];

/** Squares for what stays, taller accents for what is new, hollow ones for what goes. */
function path(kind: Minute, i: number): string {
  const x = i * 10;
  switch (kind) {
    case "stays":
      return `M${x + 1} 5h8v10h-8z`;
    case "new":
      return `M${x + 0.5} 1h9v18h-9z`;
    case "gone":
      return `M${x + 1} 5h8v10h-8zM${x + 3} 7v6h4v-6z`;
    case "unknown":
      return `M${x + 3.5} 8.5h3v3h-3z`;
    default:
      return `M${x + 1} 9.6h8v.8h-8z`;
  }
}

export function Raster({ rows, history }: { rows: readonly Row[]; history: History | null }) {
  if (!history || rows.length === 0) return null;
  const shown = rows.slice(0, MOST_ROWS);
  return (
    <figure class="raster">
      <ul class="legend" aria-label="What the squares show">
        {KINDS.map(([kind, label]) => (
          <li key={kind}>
            <svg viewBox="0 0 10 20" aria-hidden="true">
              <path class={`minute is-${kind}`} fill-rule="evenodd" d={path(kind, 0)} />
            </svg>
            {label}
          </li>
        ))}
      </ul>
      <ul class="strips">
        {shown.map((row) => (
          <li key={row.uid}>
            <PodName name={row.name} />
            <Strip row={row} />
          </li>
        ))}
      </ul>
      <figcaption class="quiet">
        {timeOfDay(history.start)} to {timeOfDay(history.start + history.minutes * history.step)}, a
        square a minute.
        {rows.length > MOST_ROWS && ` ${many(rows.length - MOST_ROWS, "more pod")} not shown.`}
      </figcaption>
    </figure>
  );
}

function Strip({ row }: { row: Row }) {
  const paths = new Map<Minute, string>();
  row.minutes.forEach((kind, i) => {
    if (kind !== "none") paths.set(kind, (paths.get(kind) ?? "") + path(kind, i));
  });
  return (
    <svg
      viewBox={`0 0 ${row.minutes.length * 10} 20`}
      preserveAspectRatio="none"
      role="img"
      aria-label={stripSaid(row)}
    >
      {[...paths].map(([kind, d]) => (
        <path key={kind} class={`minute is-${kind}`} fill-rule="evenodd" d={d} />
      ))}
    </svg>
  );
}

function stripSaid(row: Row): string {
  const said = KINDS.flatMap(([kind, label]) => {
    const minutes = row.minutes.filter((one) => one === kind).length;
    return minutes ? [`${many(minutes, "minute")} ${label}`] : [];
  });
  return said.length ? listed(said) : "no outlier";
}
