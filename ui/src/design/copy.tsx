/** Text to be taken elsewhere. */

import { useState } from "preact/hooks";
import { announce } from "../shell/announcer";

export function Copyable(props: { text: string; label: string; block?: boolean }) {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(props.text);
      setCopied(true);
      announce(`${props.label} copied`);
      setTimeout(() => setCopied(false), 2000);
    } catch {
      announce("The browser does not allow copying: select the text instead.");
    }
  };
  return (
    <div class={props.block ? "copyable is-block" : "copyable"}>
      <pre tabIndex={0} role="region" aria-label={props.label}>
        <code dir="ltr">{props.text}</code>
      </pre>
      <button type="button" onClick={() => void copy()}>
        {copied ? "Copied" : "Copy"}
        <span class="hidden"> {props.label}</span>
      </button>
    </div>
  );
}
