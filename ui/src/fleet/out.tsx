/** Who is out now, since when, why, and how close that brings its Service to the floor. */

import { useState } from "preact/hooks";
import { useNow } from "../clock";
import { PodName } from "../design/text";
import { StateName } from "../design/shapes";
import type { OutPod, ServiceRow } from "../model";
import { serviceLink } from "../router";
import { count, many, span } from "../words";
import { keyOf } from "../feeds";
import { FleetBar } from "./bar";
import { countsOf, outOf, spareOf } from "./standing";

const SHOWN_FIRST = 5;

interface Out {
  row: ServiceRow;
  pod: OutPod;
}

/** The latest come first; those whose beginning is not known, last. */
export function outNow(rows: Iterable<ServiceRow>): Out[] {
  const found: Out[] = [];
  for (const row of rows) for (const pod of row.out ?? []) found.push({ row, pod });
  return found.sort((a, b) => (b.pod.at ?? 0) - (a.pod.at ?? 0));
}

export function OutNow({ rows }: { rows: readonly ServiceRow[] }) {
  const [all, setAll] = useState(false);
  const out = outNow(rows);
  if (out.length === 0) return null;
  const total = rows.reduce((sum, row) => sum + outOf(row), 0);
  const shown = all ? out : out.slice(0, SHOWN_FIRST);
  return (
    <section class="out" aria-labelledby="out-now">
      <h2 id="out-now">Out of traffic now</h2>
      <ul>
        {shown.map(({ row, pod }) => (
          <OutLine key={`${keyOf(row)}/${pod.uid}`} row={row} pod={pod} />
        ))}
      </ul>
      {out.length > SHOWN_FIRST && (
        <button type="button" class="inline" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Show the latest only" : `Show ${count(out.length - SHOWN_FIRST)} more`}
        </button>
      )}
      {all && total > out.length && (
        <p class="quiet">
          {many(total - out.length, "more pod")} of large Services: see their own pages.
        </p>
      )}
    </section>
  );
}

function OutLine({ row, pod }: Out) {
  const counts = countsOf(row);
  return (
    <li>
      <div class="who">
        <PodName name={pod.pod} />
        <span>
          <StateName state={pod.state} />
          {pod.breaker && (
            <span class="quiet">
              {" "}
              by <bdi dir="auto">{pod.breaker}</bdi>
            </span>
          )}
        </span>
      </div>
      <div class="when">
        {pod.at === null ? <span class="quiet">since when is not known</span> : <Since at={pod.at} />}
        {pod.until !== null && <Hold until={pod.until} />}
      </div>
      <p class="why">
        <bdi dir="auto">{pod.evidence}</bdi>
      </p>
      <div class="where">
        <a href={serviceLink(row.namespace, row.name)}>
          <bdi dir="auto">{row.name}</bdi>
        </a>
        {counts && <FleetBar counts={counts} floor={row.floor} />}
        <span>{floorSaid(row)}</span>
      </div>
    </li>
  );
}

function Since({ at }: { at: number }) {
  return <span>out for {span(useNow() - at)}</span>;
}

/** How much longer a pod stays out. */
export function Hold({ until }: { until: number }) {
  const left = until - useNow();
  return <span class="hold">{left > 0 ? `back in ${span(left)}` : "return is due"}</span>;
}

/** How close to the floor: `9 serve, floor 5: 4 to spare`. */
export function floorSaid(row: ServiceRow): string {
  const spare = spareOf(row);
  if (spare === null) return "not counted yet";
  const left = spare > 0 ? `${spare} to spare` : spare === 0 ? "at the floor" : `${-spare} below`;
  return `${count(row.serving ?? 0)} serve, floor ${count(row.floor ?? 0)}: ${left}`;
}
