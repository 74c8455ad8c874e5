/** One Service in the list. */

import { Component } from "preact";
import { StateShape } from "../design/shapes";
import { Ago, PodName } from "../design/text";
import type { ServiceRow } from "../model";
import { actionSaid, conditionSaid, shapeOf, spaced } from "../reasons";
import { serviceLink } from "../router";
import { count } from "../words";
import { FleetBar } from "./bar";
import { countsOf, outOf, spareOf } from "./standing";

interface Props {
  row: ServiceRow;
  index: number;
  top: number;
}

/** Drawn again only where the Service or its place has changed: scrolling changes neither. */
export class Row extends Component<Props> {
  override shouldComponentUpdate(next: Props): boolean {
    const { row, index, top } = this.props;
    return next.row !== row || next.index !== index || next.top !== top;
  }

  override render({ row, index, top }: Props) {
    return <Line row={row} index={index} top={top} />;
  }
}

function Line({ row, index, top }: Props) {
  const counts = countsOf(row);
  const out = outOf(row);
  return (
    <div
      role="row"
      class={`line is-${row.level}`}
      aria-rowindex={index + 2}
      style={{ transform: `translateY(${top}px)` }}
    >
      <div role="rowheader" class="name">
        <a href={serviceLink(row.namespace, row.name)} data-row={index}>
          <bdi dir="auto">{row.name}</bdi>
        </a>
        <span class="quiet">
          <bdi dir="auto">{row.namespace}</bdi>
        </span>
        {row.dryRun && <span class="tag">dry run</span>}
      </div>
      <div role="cell" class="fleet">
        {counts ? <FleetBar counts={counts} floor={row.floor} /> : <NotCounted />}
      </div>
      <div role="cell" class="serving">
        {counts && (
          <>
            {count(row.serving ?? 0)}
            <span class="quiet">/{count(row.members ?? 0)}</span>
          </>
        )}
      </div>
      <div role="cell" class={out > 0 ? "number out-some" : "number quiet"}>
        {out > 0 && <StateShape state={row.ejected ? "ejected" : "paused"} />}
        {count(out)}
        <span class="label"> out</span>
      </div>
      <div role="cell" class="number spare">
        <Spare row={row} />
      </div>
      <div role="cell" class="level">
        <LevelMark row={row} />
      </div>
      <div role="cell" class="last">
        <Last row={row} />
      </div>
    </div>
  );
}

function NotCounted() {
  return <span class="quiet">not counted yet</span>;
}

function Spare({ row }: { row: ServiceRow }) {
  const spare = spareOf(row);
  if (spare === null) return <span class="quiet">–</span>;
  if (spare > 0) return <>{count(spare)} to spare</>;
  const bare = row.members !== null && row.floor !== null && row.members <= row.floor;
  if (spare === 0 && bare) return <span class="quiet">none to spare</span>;
  return <strong class="at-floor">{spare === 0 ? "at floor" : `${count(-spare)} below floor`}</strong>;
}

const LEVELS = { ok: "", notice: "Notice: ", alarm: "Alarm: ", unknown: "" } as const;

/** The word that decides how the Service stands, with a shape for how grave it is. */
export function LevelMark({ row }: { row: ServiceRow }) {
  return (
    <span class={`mark is-${row.level}`} title={row.message.slice(0, 300) || undefined}>
      <LevelShape level={row.level} />
      <span class="hidden">{LEVELS[row.level]}</span>
      {headlineSaid(row)}
    </span>
  );
}

function headlineSaid({ headline, conditions }: ServiceRow): string {
  const condition = conditions.find((one) => one.type === headline);
  return condition ? conditionSaid(headline, condition.status) : spaced(headline || "Unknown");
}

export function LevelShape({ level }: { level: ServiceRow["level"] }) {
  const paths = {
    ok: "M3 8.5 6.5 12 13 4.5",
    notice: "M8 2.5 13.5 8 8 13.5 2.5 8z",
    alarm: "M8 1.8 15 14H1zM8 6v4M8 11.6v.6",
    unknown: "M5.6 6a2.5 2.5 0 1 1 3.4 2.3c-.7.3-1 .7-1 1.4M8 12v.6",
  };
  return (
    <svg class={`grave is-${level}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[level]} />
    </svg>
  );
}

function Last({ row }: { row: ServiceRow }) {
  const last = row.lastDecision;
  if (!last) return <span class="quiet">no decision yet</span>;
  return (
    <>
      <span class="did">
        <StateShape state={shapeOf(last.action)} />
        <span>{actionSaid(last.action)}</span> <PodName name={last.pod} />
      </span>
      <span class="quiet">
        <Ago at={last.at} />
      </span>
    </>
  );
}
