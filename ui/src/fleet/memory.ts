/** Where in the fleet the reader was, for the way back from a Service. */

import { go } from "../router";

let address = "/";
let visited = "";

/** Keeps the fleet's current address: its search, filter and order. */
export function rememberFleet(): void {
  address = location.pathname + location.search;
}

/** Keeps which Service is looked at. */
export function rememberVisit(key: string): void {
  visited = key;
}

export function fleetAddress(): string {
  return address;
}

/** The Service that was looked at last, once; "" where none was. */
export function takeVisited(): string {
  const key = visited;
  visited = "";
  return key;
}

/** Back to the fleet as it was left. */
export function leave(): void {
  go(address);
}
