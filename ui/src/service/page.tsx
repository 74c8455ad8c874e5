/** One Service: how it stands, and the part of it that the address names. */

import { useEffect, useMemo, useRef } from "preact/hooks";
import { followService, keyOf, service as shared } from "../feeds";
import { fleetAddress, leave, rememberVisit } from "../fleet/memory";
import type { Breaker, Service } from "../model";
import { actionSaid } from "../reasons";
import { PARTS, replaceQuery, serviceLink, type Part } from "../router";
import { announce } from "../shell/announcer";
import { Caveat, useTitle } from "../shell/page";
import { useStore } from "../store";
import { WhatIf } from "../whatif/part";
import { Events } from "./events";
import { Overview } from "./overview";
import { Spec } from "./spec";
import { Standing } from "./standing";

const TITLES: Record<Part, string> = {
  overview: "Overview",
  "what-if": "What if",
  spec: "Spec",
  events: "Events",
};

export function ServicePage(props: {
  namespace: string;
  name: string;
  part: Part;
  query: URLSearchParams;
}) {
  const { namespace, name, part, query } = props;
  useEffect(() => followService(namespace, name), [namespace, name]);
  useEffect(() => {
    rememberVisit(keyOf({ namespace, name }));
    const escape = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && !event.defaultPrevented) leave();
    };
    addEventListener("keydown", escape);
    return () => removeEventListener("keydown", escape);
  }, [namespace, name]);
  useTitle(`${name} · ${TITLES[part]}`);
  const state = useStore(shared);
  const { service } = state;
  useAnnounced(service);
  const breaker = useMemo(() => chosenBreaker(service, query.get("breaker")), [service, query]);
  const choose = (next: string): void => replaceQuery({ breaker: next });
  return (
    <div class="page service-page">
      <nav class="crumbs" aria-label="Path">
        <a href={fleetAddress()}>Fleet</a>
        <span aria-hidden="true">/</span>
        <bdi dir="auto">{namespace}</bdi>
      </nav>
      {state.gone && (
        <p class="caveat" role="alert">
          <bdi dir="auto">{state.gone}</bdi>
          {service && " What is shown is how it was last."}
        </p>
      )}
      <Caveat by={service?.controller ?? null} />
      <Standing name={name} service={service} />
      {service && (
        <>
          <nav class="parts" aria-label="Service">
            {PARTS.map((one) => (
              <a
                key={one}
                href={serviceLink(namespace, name, one)}
                aria-current={one === part ? "page" : undefined}
              >
                {TITLES[one]}
              </a>
            ))}
          </nav>
          {part === "overview" && (
            <Overview {...state} service={service} breaker={breaker} choose={choose} />
          )}
          {part === "what-if" && (
            <WhatIf service={service} history={state.history} breaker={breaker} choose={choose} />
          )}
          {part === "spec" && <Spec service={service} />}
          {part === "events" && <Events events={service.events} />}
        </>
      )}
    </div>
  );
}

/** The breaker that the address names, else the one that decided last, else the first. */
function chosenBreaker(service: Service | null, name: string | null): Breaker | undefined {
  const find = (wanted: string | null | undefined): Breaker | undefined =>
    service?.breakers.find((one) => one.name === wanted);
  const last = service?.decisions.find((one) => one.breaker)?.breaker;
  return find(name) ?? find(last) ?? service?.breakers[0];
}

/** Says each new decision aloud. */
function useAnnounced(service: Service | null): void {
  const known = useRef<string | null>(null);
  const latest = service?.decisions[0];
  useEffect(() => {
    if (!service) return;
    const before = known.current;
    known.current = latest?.id ?? "";
    if (before === null || !latest || before === latest.id) return;
    announce(`${actionSaid(latest.action)} pod ${latest.pod}: ${latest.evidence}`.slice(0, 300));
  }, [service === null, latest?.id]);
}
