/** What was decided, newest first, each with its evidence. */

import { useEffect, useRef } from "preact/hooks";
import { StateShape } from "../design/shapes";
import { Ago, Clipped, PodName } from "../design/text";
import type { Breaker, Decision } from "../model";
import { actionSaid, reasonSaid, shapeOf } from "../reasons";
import { dayAndTime, timeOfDay } from "../words";
import { Scale } from "./scale";
import { factsOf, whySaid } from "./why";

export function Decisions(props: {
  decisions: readonly Decision[];
  breakers: readonly Breaker[];
  chosen: string;
  choose: (id: string) => void;
}) {
  const { decisions, breakers, chosen, choose } = props;
  return (
    <section class="decisions" aria-labelledby="decisions">
      <h2 id="decisions">Decisions</h2>
      {decisions.length === 0 && (
        <p class="nothing">Nothing had to be decided in the last hour.</p>
      )}
      <ol>
        {decisions.map((decision) => (
          <Line
            key={decision.id}
            decision={decision}
            breaker={breakers.find((one) => one.name === decision.breaker)}
            open={decision.id === chosen}
            toggle={() => choose(decision.id === chosen ? "" : decision.id)}
          />
        ))}
      </ol>
    </section>
  );
}

function Line(props: {
  decision: Decision;
  breaker: Breaker | undefined;
  open: boolean;
  toggle: () => void;
}) {
  const { decision, breaker, open, toggle } = props;
  const line = useRef<HTMLLIElement>(null);
  const drawn = useRef(false);
  useEffect(() => {
    if (open && drawn.current) line.current?.scrollIntoView({ block: "nearest" });
    drawn.current = true;
  }, [open]);
  const panel = `evidence-${decision.id}`;
  return (
    <li ref={line} class={open ? "is-open" : ""}>
      <button type="button" aria-expanded={open} aria-controls={panel} onClick={toggle}>
        <StateShape state={shapeOf(decision.action)} />
        <span class="what">
          <strong>{actionSaid(decision.action)}</strong> <PodName name={decision.pod} />
        </span>
        <span class="when quiet">
          <Ago at={decision.at} />
        </span>
        <span class="gist">{gist(decision, breaker)}</span>
      </button>
      <div id={panel} hidden={!open}>
        {open && <Evidence decision={decision} breaker={breaker} />}
      </div>
    </li>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The heart of it in one short line. */
function gist(decision: Decision, breaker: Breaker | undefined): string {
  const said = decision.numbers ? whySaid(decision.numbers, breaker) : "";
  const first = said.split(/(?<=\.) /, 1)[0] ?? "";
  return first || reasonSaid(decision.reason);
}

function Evidence({ decision, breaker }: { decision: Decision; breaker: Breaker | undefined }) {
  const { numbers } = decision;
  const said = numbers ? whySaid(numbers, breaker) : "";
  return (
    <div class="evidence" role="region" aria-label="Evidence" data-testid="evidence">
      {said && <p>{said}</p>}
      <p class="quiet">
        {capital(reasonSaid(decision.reason))} · {dayAndTime(decision.at)}
        {decision.until !== null && <> to {timeOfDay(decision.until)}</>}
        {decision.breaker && (
          <>
            {" · breaker "}
            <bdi dir="auto">{decision.breaker}</bdi>
          </>
        )}
      </p>
      {numbers && breaker && <Scale numbers={numbers} breaker={breaker} />}
      <dl class="facts">
        {factsOf(decision, breaker).map(({ name, value }) => (
          <div key={name} class={name === "Budget then" ? "long" : ""}>
            <dt>{name}</dt>
            <dd>
              <bdi dir="auto">{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
      <p class="raw">
        <span class="quiet">As recorded: </span>
        <Clipped text={decision.evidence} />
      </p>
    </div>
  );
}
