/** Some numbers that belong together, side by side. */

import { count } from "../words";

/** What is counted, how many there are, and the class that a number other than 0 has. */
export type Figure = [label: string, value: number, tone?: string];

export function Figures({ label, figures }: { label: string; figures: readonly Figure[] }) {
  return (
    <ul class="figures" aria-label={label}>
      {figures.map(([name, value, tone = ""]) => (
        <li key={name} class={value > 0 ? tone : ""}>
          <strong>{count(value)}</strong>
          <span>{name}</span>
        </li>
      ))}
    </ul>
  );
}
