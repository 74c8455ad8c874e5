/** What all pages have: a title, what there is to know of who answers, and a headline. */

import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { Controller } from "../model";

/** Titles the window. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Kubervisor`;
  }, [title]);
}

/** A page of which there is no answer yet. */
export function Waiting() {
  return (
    <div class="page" aria-busy="true">
      <h1 class="quiet">Asking the controller…</h1>
    </div>
  );
}

export function Page(props: {
  name: string;
  by: Controller | null;
  headline: string;
  children: ComponentChildren;
}) {
  return (
    <div class={`page ${props.name}-page`}>
      <Caveat by={props.by} />
      <h1>{props.headline}</h1>
      {props.children}
    </div>
  );
}

/** What stands above everything else about the controller itself. */
export function Caveat({ by }: { by: Controller | null }) {
  const said = by ? caveatOf(by) : "";
  if (!said) return null;
  return (
    <p class="caveat" role="note">
      <bdi dir="auto">{said}</bdi>
    </p>
  );
}

/** In place of a list that is empty: the problem, else the children, who say how to fill it. */
export function Nothing({ problem, children }: { problem: string; children: ComponentChildren }) {
  if (!problem) return <p class="nothing">{children}</p>;
  return (
    <p class="nothing" role="note">
      <bdi dir="auto">{problem}</bdi>
    </p>
  );
}

/** "" where all is well. */
function caveatOf(by: Controller): string {
  if (by.problem) return by.problem;
  if (!by.synced) return "Still listing what is in the cluster: numbers may be missing.";
  if (!by.leading) {
    const leader = by.leader === null ? "another one" : by.leader;
    const known = "Counts are those it wrote last, and scores are not known here.";
    return `This controller stands by; ${leader} leads. ${known}`;
  }
  return by.dryRun ? "The whole controller is in dry run: it judges, and touches no pod." : "";
}
