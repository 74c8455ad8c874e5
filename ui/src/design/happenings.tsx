/** What happened to a thing, one line for each. */

import type { ComponentChildren } from "preact";
import { Ago, Clipped } from "./text";

/** Folded away; the children are each a `Happened`. */
export function FoldedHappenings({ to, children }: { to: string; children: ComponentChildren }) {
  return (
    <details class="more">
      <summary>
        What happened<span class="hidden"> to {to}</span>
      </summary>
      <ol class="happenings">{children}</ol>
    </details>
  );
}

/** When, what, which the children say, and why. */
export function Happened(props: {
  at: number | null;
  message: string;
  children: ComponentChildren;
}) {
  const { at, message, children } = props;
  return (
    <li>
      <span class="quiet when">{at === null ? "" : <Ago at={at} />}</span>
      <span>
        {children}
        {message && (
          <p>
            <Clipped text={message} />
          </p>
        )}
      </span>
    </li>
  );
}
