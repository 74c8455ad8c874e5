/** The objects of a rule: where it stands about each, by which values, and what was. */

import { FoldedHappenings, Happened } from "../design/happenings";
import { Ago, Clipped, Until } from "../design/text";
import { many } from "../words";
import type { About, Rule } from "./model";
import { stateSaid, statesOf } from "./standing";

const SHOWN = 8;

/** How many objects are in which state. */
export function States({ rule }: { rule: Rule }) {
  const states = statesOf(rule);
  if (states.length === 0) return null;
  return (
    <ul class="states" aria-label={`Objects of ${rule.name} by state`}>
      {states.map(([state, number]) => (
        <li key={state} class={`state is-${toneOf(state)}`}>
          <strong>{number.toLocaleString("en")}</strong> {stateSaid(state)}
        </li>
      ))}
    </ul>
  );
}

export function Objects({ rule, objects }: { rule: Rule; objects: readonly About[] }) {
  if (objects.length === 0) return null;
  const first = objects.filter((one) => one.state !== "Normal").slice(0, SHOWN);
  const rest = objects.filter((one) => !first.includes(one));
  return (
    <>
      <List name={rule.name} objects={first} />
      {rest.length > 0 && (
        <details class="more">
          <summary>
            {first.length > 0 ? `${many(rest.length, "more object")}` : many(rest.length, "object")}
            <span class="hidden"> of {rule.name}</span>
          </summary>
          <List name={`${rule.name}, the rest`} objects={rest} />
        </details>
      )}
    </>
  );
}

function List({ name, objects }: { name: string; objects: readonly About[] }) {
  if (objects.length === 0) return null;
  return (
    <ul class="abouts" aria-label={`Objects of ${name}`}>
      {objects.map((one) => (
        <li key={`${one.kind}/${one.namespace}/${one.name}`}>
          <Standing about={one} />
        </li>
      ))}
    </ul>
  );
}

function Standing({ about }: { about: About }) {
  const { namespace, name, kind, state, since, values, intended, message, notBefore, passed } = about;
  return (
    <>
      <div class="about">
        <span class="whose">
          <bdi dir="auto">{name}</bdi>{" "}
          <span class="quiet">
            <bdi dir="auto">
              {kind} in {namespace}
            </bdi>
          </span>
        </span>
        <span class={`state is-${toneOf(state)}`}>{stateSaid(state)}</span>
        {since !== null && (
          <span class="quiet">
            <Ago at={since} />
          </span>
        )}
        {values.length > 0 && (
          <span class="number" title="What its expressions gave">
            <bdi dir="auto">{values.join(", ")}</bdi>
          </span>
        )}
      </div>
      {intended.map((text, n) => (
        <p key={n} class="told">
          <Clipped text={text} />
        </p>
      ))}
      {state !== "Normal" && message && (
        <p class="told">
          <Clipped text={message} />
          {notBefore !== null && (
            <span class="quiet">
              {" "}
              Not again <Until at={notBefore} />
            </span>
          )}
        </p>
      )}
      {passed.length > 1 && <Past about={about} />}
    </>
  );
}

function Past({ about }: { about: About }) {
  return (
    <FoldedHappenings to={about.name}>
      {about.passed.map((one, n) => (
        <Happened key={n} at={one.at} message={one.message}>
          <strong>{stateSaid(one.state)}</strong>
        </Happened>
      ))}
    </FoldedHappenings>
  );
}

function toneOf(state: string): "calm" | "busy" | "stuck" {
  if (state === "ActionsDeclined") return "stuck";
  return state === "Normal" || state === "Initializing" ? "calm" : "busy";
}
