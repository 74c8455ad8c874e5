/** The fleet in six figures. Those that name a trouble list its Services when pressed. */

import { count } from "../words";
import type { Filter } from "./listing";
import type { Totals } from "./standing";

interface Figure {
  label: string;
  value: number;
  title?: string;
  filter?: Filter;
  tone?: "ejected" | "floor" | "paused";
}

function figuresOf(sum: Totals): Figure[] {
  return [
    { label: "Members", value: sum.members },
    { label: "Serving", value: sum.serving },
    { label: "Out", value: sum.out, filter: "out", tone: "ejected" },
    {
      label: "Services at floor",
      value: sum.atFloor,
      title: "At or below their floor; without those that have no more members than it, all serving",
      filter: "floor",
      tone: "floor",
    },
    { label: "Panicking", value: sum.panicking, filter: "panicking", tone: "ejected" },
    { label: "Failing sources", value: sum.failing, filter: "failing", tone: "ejected" },
  ];
}

export function Summary(props: {
  totals: Totals;
  filter: Filter;
  choose: (filter: Filter) => void;
}) {
  return (
    <ul class="figures" aria-label="The fleet in figures">
      {figuresOf(props.totals).map(({ label, value, title, filter, tone }) => {
        const figure = (
          <>
            <strong>{count(value)}</strong>
            <span>{label}</span>
          </>
        );
        if (!filter) return <li key={label}>{figure}</li>;
        const pressed = props.filter === filter;
        return (
          <li key={label} class={value > 0 && tone ? `is-${tone}` : ""}>
            <button
              type="button"
              title={title}
              aria-pressed={pressed}
              onClick={() => props.choose(pressed ? "all" : filter)}
            >
              {figure}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
