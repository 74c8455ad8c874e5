/** What was decided, newest first, each with its evidence. */

import { useEffect, useRef } from "preact/hooks";
import { StateShape } from "../design/shapes";
import { Ago, Clipped, PodName } from "../design/text";
import type { Breaker, Decision, Pod } from "../model";
import { actionSaid, shapeOf } from "../reasons";
import { dayAndTime, timeOfDay } from "../words";
import { Scale } from "./scale";
import { Watchdogs } from "./watchdogs";
import { factsOf, reasonOf, saidOf } from "./why";

export function Decisions(props: {
  decisions: readonly Decision[];
  breakers: readonly Breaker[];
  pods: readonly Pod[];
  chosen: string;
  choose: (id: string) => void;
}) {
  const { decisions, breakers, pods, chosen, choose } = props;
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
            pods={pods}
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
  pods: readonly Pod[];
  open: boolean;
  toggle: () => void;
}) {
  const { decision, breaker, pods, open, toggle } = props;
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
        <span class="gist">
          <bdi dir="auto">{gist(decision, breaker)}</bdi>
        </span>
      </button>
      <div id={panel} hidden={!open}>
        {open && (
          <Evidence
            decision={decision}
            breaker={breaker}
            pod={pods.find((one) => one.uid === decision.uid)}
          />
        )}
      </div>
    </li>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The heart of it in one short line. */
function gist(decision: Decision, breaker: Breaker | undefined): string {
  const said = saidOf(decision, breaker);
  const first = said.split(/(?<=\.) /, 1)[0] ?? "";
  return first.slice(0, 300) || reasonOf(decision, breaker);
}

function Evidence(props: {
  decision: Decision;
  breaker: Breaker | undefined;
  pod: Pod | undefined;
}) {
  const { decision, breaker, pod } = props;
  const { numbers } = decision;
  const said = saidOf(decision, breaker);
  return (
    <div class="evidence" role="region" aria-label="Evidence" data-testid="evidence">
      {said && (
        <p>
          <Clipped text={said} />
        </p>
      )}
      <p class="quiet">
        {capital(reasonOf(decision, breaker))} · {dayAndTime(decision.at)}
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
      {pod && <Watchdogs watchdogs={pod.watchdogs} />}
      <p class="raw">
        <span class="quiet">As recorded: </span>
        <Clipped text={decision.evidence} />
      </p>
    </div>
  );
}
