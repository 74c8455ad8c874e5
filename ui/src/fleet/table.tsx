/** The list of Services: only the rows on the screen exist, however many there are. */

import { useLayoutEffect, useRef } from "preact/hooks";
import type { ServiceRow } from "../model";
import { keyOf } from "../feeds";
import type { Sort } from "./listing";
import { takeVisited } from "./memory";
import { Row } from "./row";
import { useMedia, useRange } from "./rows";

const WIDE = 56;
const NARROW = 124;

const COLUMNS: readonly { title: string; sort?: Sort; class: string }[] = [
  { title: "Service", sort: "name", class: "name" },
  { title: "Fleet and floor", class: "fleet" },
  { title: "Serving", class: "serving" },
  { title: "Out", sort: "out", class: "number" },
  { title: "Above floor", sort: "floor", class: "number spare" },
  { title: "State", class: "level" },
  { title: "Last decision", sort: "last", class: "last" },
];

export function FleetTable(props: {
  rows: readonly ServiceRow[];
  sort: Sort;
  resort: (sort: Sort) => void;
}) {
  const { rows, sort, resort } = props;
  const body = useRef<HTMLDivElement>(null);
  const height = useMedia("(max-width: 52rem)") ? NARROW : WIDE;
  const { from, to } = useRange(body, rows.length, height);
  useLayoutEffect(() => {
    const visited = takeVisited();
    const at = rows.findIndex((row) => keyOf(row) === visited);
    if (body.current && at >= 0) focusRow(body.current, at, height);
  }, []);
  return (
    <div
      role="table"
      class="services"
      aria-label="Services"
      aria-rowcount={rows.length + 1}
      onKeyDown={(event) => step(event, rows.length, height)}
    >
      <div role="rowgroup" class="heads">
        <div role="row" class="line" aria-rowindex={1}>
          {COLUMNS.map((column) => (
            <Head key={column.title} {...column} sorted={sort} resort={resort} />
          ))}
        </div>
      </div>
      <div
        role="rowgroup"
        class="body"
        ref={body}
        style={{ height: `${rows.length * height}px` }}
      >
        {rows.slice(from, to).map((row, n) => (
          <Row key={keyOf(row)} row={row} index={from + n} top={(from + n) * height} />
        ))}
      </div>
    </div>
  );
}

function Head(props: {
  title: string;
  class: string;
  sort?: Sort;
  sorted: Sort;
  resort: (sort: Sort) => void;
}) {
  const { title, sort, sorted, resort } = props;
  if (!sort) {
    return (
      <div role="columnheader" class={props.class}>
        {title}
      </div>
    );
  }
  const down = sort === "out" || sort === "last";
  const is = sorted === sort ? (down ? "descending" : "ascending") : "none";
  return (
    <div role="columnheader" class={props.class} aria-sort={is}>
      <button type="button" onClick={() => resort(sort)}>
        {title}
        <svg viewBox="0 0 8 8" aria-hidden="true">
          <path d={down ? "M1 2.5 4 6l3-3.5z" : "M1 5.5 4 2l3 3.5z"} />
        </svg>
      </button>
    </div>
  );
}

/** Arrow keys, Home and End move from Service to Service, also to those not drawn yet. */
function step(event: KeyboardEvent, rows: number, height: number): void {
  const link = event.target instanceof HTMLElement ? event.target.closest("[data-row]") : null;
  if (!(link instanceof HTMLElement)) return;
  const at = Number(link.dataset["row"]);
  const moves: Record<string, number> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    Home: 0,
    End: rows - 1,
  };
  const next = moves[event.key];
  if (next === undefined || next < 0 || next >= rows) return;
  event.preventDefault();
  const body = link.closest<HTMLElement>(".body");
  if (body) focusRow(body, next, height);
}

/** Room that the page's header and the table's heads take. */
const HEADS = 120;

/** Scrolls a row into the window where it is not, and focuses its link once it is drawn. */
function focusRow(body: HTMLElement, index: number, height: number): void {
  const top = body.getBoundingClientRect().top + index * height;
  if (top < HEADS) scrollBy(0, top - HEADS);
  else if (top + height > innerHeight) scrollBy(0, top + height - innerHeight + HEADS / 2);
  const focus = (): void => body.querySelector<HTMLElement>(`[data-row="${index}"]`)?.focus();
  requestAnimationFrame(() => requestAnimationFrame(focus));
}
