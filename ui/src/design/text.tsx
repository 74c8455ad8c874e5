/** Text of others: shown as text, kept from spilling over, each piece in its own direction. */

import { useState } from "preact/hooks";
import { ago, dayAndTime, span } from "../words";
import { useNow } from "../clock";

/** At most `most` characters, with a way to see all of them. */
export function Clipped({ text, most = 280 }: { text: string; most?: number }) {
  const [whole, setWhole] = useState(false);
  if (text.length <= most) return <bdi dir="auto">{text}</bdi>;
  return (
    <>
      <bdi dir="auto">{whole ? text : `${text.slice(0, most)}…`}</bdi>{" "}
      <button type="button" class="inline" aria-expanded={whole} onClick={() => setWhole(!whole)}>
        {whole ? "Show less" : `Show all ${text.length.toLocaleString("en")} characters`}
      </button>
    </>
  );
}

/** A pod's name: what tells it from its siblings stands out, the rest is there to be read. */
export function PodName({ name, short = false }: { name: string; short?: boolean }) {
  const cut = name.lastIndexOf("-") + 1;
  const [common, own] = cut > 1 ? [name.slice(0, cut), name.slice(cut)] : ["", name];
  return (
    <span class="pod" title={name}>
      <bdi dir="auto">
        {common && <span class={short ? "hidden" : "common"}>{common}</span>}
        {own}
      </bdi>
    </span>
  );
}

/** How long ago, growing by the second; the exact instant on hover and for machines. */
export function Ago({ at }: { at: number }) {
  const now = useNow();
  return (
    <time dateTime={new Date(at * 1000).toISOString()} title={dayAndTime(at)}>
      {ago(at, now)}
    </time>
  );
}

/** How much longer, falling by the second. */
export function Until({ at }: { at: number }) {
  const left = at - useNow();
  return <>{left > 0 ? `for ${span(left)}` : "no longer"}</>;
}
