/** Where the reader is: a path that the server answers with this page, whatever it is. */

import { useEffect, useState } from "preact/hooks";

export const PARTS = ["overview", "what-if", "spec", "events"] as const;
export type Part = (typeof PARTS)[number];

export type Place =
  | { page: "fleet"; query: URLSearchParams }
  | { page: "data" }
  | { page: "rules" }
  | { page: "workflows" }
  | { page: "service"; namespace: string; name: string; part: Part; query: URLSearchParams }
  | { page: "unknown"; path: string };

/** The place that an address such as `/services/shop/cart/what-if?breaker=errors` names. */
export function placeOf(path: string, search = ""): Place {
  const query = new URLSearchParams(search);
  const steps = path.split("/").filter(Boolean).map(decoded);
  if (steps.length === 0) return { page: "fleet", query };
  const [page, namespace, name, part = "overview"] = steps;
  if ((page === "data" || page === "rules" || page === "workflows") && steps.length === 1) {
    return { page };
  }
  if (page === "services" && namespace && name && steps.length <= 4 && isPart(part)) {
    return { page: "service", namespace, name, part, query };
  }
  return { page: "unknown", path };
}

/** The path of a Service's page, or of a part of it. */
export function serviceLink(namespace: string, name: string, part: Part = "overview"): string {
  const path = `/services/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
  return part === "overview" ? path : `${path}/${part}`;
}

/** `path` with the values of `query` that are not empty. */
export function withQuery(path: string, query: Record<string, string>): string {
  const kept = Object.entries(query).filter(([, value]) => value !== "");
  const search = new URLSearchParams(kept).toString();
  return search ? `${path}?${search}` : path;
}

export function go(address: string): void {
  history.pushState(null, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** Puts another query into the address without a new step in the history. */
export function replaceQuery(query: Record<string, string>): void {
  history.replaceState(null, "", withQuery(location.pathname, query));
  dispatchEvent(new PopStateEvent("popstate"));
}

/** The current place. Moving to another page scrolls up; back and forward are the browser's. */
export function usePlace(): Place {
  const [address, setAddress] = useState(location.pathname + location.search);
  useEffect(() => {
    const moved = (): void => setAddress(location.pathname + location.search);
    const clicked = (event: MouseEvent): void => follow(event);
    addEventListener("popstate", moved);
    document.addEventListener("click", clicked);
    return () => {
      removeEventListener("popstate", moved);
      document.removeEventListener("click", clicked);
    };
  }, []);
  const [path = "/", search = ""] = address.split("?", 2);
  return placeOf(path, search);
}

/** Plain clicks on links of ours change the place; all others are the browser's. */
function follow(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || link.origin !== location.origin || link.target || link.hash) return;
  event.preventDefault();
  const away = pageOf(link.pathname) !== pageOf(location.pathname);
  go(link.pathname + link.search);
  if (!away) return;
  scrollTo(0, 0);
  document.getElementById("main")?.focus({ preventScroll: true });
}

/** The path without the part: `/services/shop/cart` of `/services/shop/cart/spec`. */
function pageOf(path: string): string {
  return path.split("/", 4).join("/");
}

function isPart(text: string): text is Part {
  return (PARTS as readonly string[]).includes(text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
