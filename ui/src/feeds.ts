/** What the pages show, kept current by the one stream that is open. */

import { heard } from "./clock";
import { ask } from "./data/asking";
import type { Data } from "./data/model";
import { follow, type Following, type Link } from "./live";
import { merged } from "./service/minutes";
import type { Rules } from "./rules/model";
import { lengthened, NO_TAIL, type Tail } from "./service/tail";
import type {
  Answer,
  Controller,
  Fleet,
  FleetChanges,
  History,
  Service,
  ServiceRow,
} from "./model";
import { store, type Store } from "./store";
import type { Workflows } from "./workflows/model";

export interface FleetState {
  at: number;
  rows: ReadonlyMap<string, ServiceRow>;
}

export interface ServiceState {
  service: Service | null;
  history: History | null;
  tail: Tail;
  /** Why there is no such object (any more); "" while there is. */
  gone: string;
}

const NO_SERVICE: ServiceState = { service: null, history: null, tail: NO_TAIL, gone: "" };

export const link = store<Link>({ state: "connecting", heardAt: null, retryAt: null });
export const controller = store<Controller | null>(null);
export const fleet = store<FleetState | null>(null);
export const service = store<ServiceState>(NO_SERVICE);
export const data = store<Data | null>(null);
export const rules = store<Rules | null>(null);
export const workflows = store<Workflows | null>(null);

let open: Following | null = null;

export function keyOf(row: { namespace: string; name: string }): string {
  return `${row.namespace}/${row.name}`;
}

export function retryNow(): void {
  open?.retryNow();
}

/** Follows the fleet until the function that comes back is called. */
export function followFleet(): () => void {
  open = follow(
    "/api/stream",
    {
      fleet: (data) => {
        const { at, controller: by, services } = data as Fleet;
        hear(at, by);
        fleet.set({ at, rows: new Map(services.map((row) => [keyOf(row), row])) });
      },
      changes: (data) => {
        const { at, controller: by, changed, removed } = data as FleetChanges;
        hear(at, by);
        const rows = new Map(fleet.get()?.rows);
        for (const row of changed) rows.set(keyOf(row), row);
        for (const key of removed) rows.delete(keyOf(key));
        fleet.set({ at, rows });
      },
    },
    (next) => link.set(next),
  );
  return stop;
}

/** Follows one Service until the function that comes back is called. */
export function followService(namespace: string, name: string): () => void {
  service.set(NO_SERVICE);
  const path = `/api/services/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
  open = follow(
    `${path}/stream`,
    {
      service: (data) => {
        const next = data as Service;
        hear(next.at, next.controller);
        const before = service.get();
        const tail = lengthened(before.tail, next.pods, next.budget, next.at);
        service.set({ ...before, service: next, tail, gone: "" });
      },
      history: (data) => service.set({ ...service.get(), history: data as History }),
      minutes: (data) => {
        const { history } = service.get();
        const newest = data as History;
        service.set({ ...service.get(), history: history ? merged(history, newest) : newest });
      },
      gone: (data) => service.set({ ...service.get(), gone: (data as { error: string }).error }),
    },
    (next) => {
      link.set(next);
      if (next.state === "lost" && !service.get().service) void askWhy(path);
    },
  );
  return stop;
}

/** Asks for the rollouts of data until the function that comes back is called. */
export const followData = (): (() => void) => asking("/api/data", data);

/** Asks for remediation rules until the function that comes back is called. */
export const followRules = (): (() => void) => asking("/api/rules", rules);

/** Asks for phase workflows until the function that comes back is called. */
export const followWorkflows = (): (() => void) => asking("/api/workflows", workflows);

function asking<T extends Answer>(url: string, shown: Store<T | null>): () => void {
  open = ask(
    url,
    (found) => {
      const next = found as T;
      hear(next.at, next.controller);
      shown.set(next);
    },
    (next) => link.set(next),
  );
  return stop;
}

/** A stream that fails does not say why; the plain answer does. */
async function askWhy(path: string): Promise<void> {
  try {
    const answer = await fetch(path);
    if (answer.status !== 404) return;
    const { error } = (await answer.json()) as { error: string };
    service.set({ ...service.get(), gone: error });
  } catch {
    // then the link itself is what is lost, and that is shown
  }
}

function hear(at: number, by: Controller): void {
  heard(at);
  controller.set(by);
}

function stop(): void {
  open?.stop();
  open = null;
}
