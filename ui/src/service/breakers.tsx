/** Which breaker is looked at, where there are several. */

import type { Breaker } from "../model";

export function BreakerChoice(props: {
  breakers: readonly Breaker[];
  value: string | undefined;
  chosen: (name: string) => void;
}) {
  if (props.breakers.length < 2) return null;
  return (
    <fieldset class="segments">
      <legend class="hidden">Breaker</legend>
      {props.breakers.map(({ name, answering }) => (
        <label key={name}>
          <input
            type="radio"
            name="breaker"
            checked={name === props.value}
            onChange={() => props.chosen(name)}
          />
          <span>
            <bdi dir="auto">{name}</bdi>
            {!answering && <em> no answer</em>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
