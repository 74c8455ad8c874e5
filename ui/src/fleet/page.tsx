/** All Services on one page. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { controller, fleet, followFleet } from "../feeds";
import type { ServiceRow } from "../model";
import { actionSaid } from "../reasons";
import { replaceQuery } from "../router";
import { announce } from "../shell/announcer";
import { Page, useTitle, Waiting } from "../shell/page";
import { useStore } from "../store";
import { count, many } from "../words";
import { Legend } from "./legend";
import { FILTERS, filterOf, listing, SORTS, sortOf, type Filter, type Sort } from "./listing";
import { rememberFleet } from "./memory";
import { OutNow } from "./out";
import { headline, totalsOf } from "./standing";
import { Summary } from "./summary";
import { FleetTable } from "./table";

const NONE: readonly ServiceRow[] = [];

export function FleetPage({ query }: { query: URLSearchParams }) {
  useEffect(followFleet, []);
  useTitle("Fleet");
  const state = useStore(fleet);
  const by = useStore(controller);
  const [search, setSearch] = useSearch(query.get("q") ?? "");
  const filter = filterOf(query.get("show"));
  const sort = sortOf(query.get("sort"));
  const rows = useMemo(() => (state ? [...state.rows.values()] : NONE), [state]);
  const totals = useMemo(() => totalsOf(rows), [rows]);
  const listed = useMemo(() => listing(rows, search, filter, sort), [rows, search, filter, sort]);
  useAnnounced(rows);
  useEffect(rememberFleet, [query]);
  const set = (next: { show?: Filter; sort?: Sort }): void => {
    const all = { show: filter, sort, ...next };
    replaceQuery({
      q: search,
      show: all.show === "all" ? "" : all.show,
      sort: all.sort === "out" ? "" : all.sort,
    });
  };
  if (!state) return <Waiting />;
  return (
    <Page name="fleet" by={by} headline={headline(totals)}>
      <Summary totals={totals} filter={filter} choose={(show) => set({ show })} />
      <OutNow rows={rows} />
      <section aria-labelledby="services">
        <div class="tools">
          <h2 id="services">Services</h2>
          <Search text={search} changed={setSearch} />
          <Choice label="Show" options={filterLabels} value={filter} chosen={(show) => set({ show })} />
          <Choice label="Sort by" options={SORTS} value={sort} chosen={(next) => set({ sort: next })} />
          <p class="quiet found" role="status">
            {listed.length === rows.length
              ? many(rows.length, "Service")
              : `${count(listed.length)} of ${many(rows.length, "Service")}`}
          </p>
        </div>
        <Legend />
        <FleetTable rows={listed} sort={sort} resort={(next) => set({ sort: next })} />
        {listed.length === 0 && <Nothing any={rows.length > 0} />}
      </section>
    </Page>
  );
}

/** What is searched for, at once here and a moment later in the address: browsers count changes. */
function useSearch(asked: string): [string, (text: string) => void] {
  const [text, setText] = useState(asked);
  useEffect(() => setText(asked), [asked]);
  useEffect(() => {
    if (text === asked) return undefined;
    const later = setTimeout(() => {
      const { q: _, ...rest } = Object.fromEntries(new URLSearchParams(location.search));
      replaceQuery({ q: text, ...rest });
    }, 300);
    return () => clearTimeout(later);
  }, [text, asked]);
  return [text, setText];
}

const filterLabels = Object.fromEntries(
  Object.entries(FILTERS).map(([name, { label }]) => [name, label]),
) as Record<Filter, string>;

function Search(props: { text: string; changed: (text: string) => void }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const slash = (event: KeyboardEvent): void => {
      const elsewhere = event.target === document.body || event.target instanceof HTMLAnchorElement;
      if (event.key !== "/" || !elsewhere) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener("keydown", slash);
    return () => removeEventListener("keydown", slash);
  }, []);
  return (
    <label class="search">
      <span class="hidden">Search Services</span>
      <input
        ref={field}
        type="search"
        placeholder="Search name, namespace, breaker"
        value={props.text}
        onInput={(event) => props.changed(event.currentTarget.value)}
      />
      <kbd aria-hidden="true">/</kbd>
    </label>
  );
}

function Choice<T extends string>(props: {
  label: string;
  options: Record<T, string>;
  value: T;
  chosen: (value: T) => void;
}) {
  return (
    <label class="choice">
      <span>{props.label}</span>
      <select
        value={props.value}
        onChange={(event) => props.chosen(event.currentTarget.value as T)}
      >
        {(Object.keys(props.options) as T[]).map((value) => (
          <option key={value} value={value}>
            {props.options[value]}
          </option>
        ))}
      </select>
    </label>
  );
}

function Nothing({ any }: { any: boolean }) {
  if (any) return <p class="nothing">No Service is like that. Search for less, or show all.</p>;
  return (
    <p class="nothing">
      No KubervisorService in the namespaces that are watched. Apply one, and it appears here.
    </p>
  );
}

/** Says the latest decision aloud when it is a new one. */
function useAnnounced(rows: readonly ServiceRow[]): void {
  const known = useRef<number | null>(null);
  useEffect(() => {
    let latest: ServiceRow | null = null;
    for (const row of rows) {
      if ((row.lastDecision?.at ?? 0) > (latest?.lastDecision?.at ?? 0)) latest = row;
    }
    const last = latest?.lastDecision;
    if (!latest || !last) return;
    if (known.current !== null && last.at > known.current) {
      announce(`${actionSaid(last.action)} pod ${last.pod} of ${latest.name}`.slice(0, 300));
    }
    known.current = last.at;
  }, [rows]);
}
