/** Which rows of a long list are on the screen: only those are drawn. */

import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";

export interface Range {
  from: number;
  to: number;
}

/** Rows drawn beyond each edge, and the step in which the range moves. */
const BEYOND = 8;

/** The rows that a window of `height` shows of a list whose top is at `top`, with some beyond. */
export function rangeOf(top: number, height: number, row: number, rows: number): Range {
  const first = Math.floor(-top / row / BEYOND) * BEYOND - BEYOND;
  const last = Math.ceil((height - top) / row / BEYOND) * BEYOND + BEYOND;
  return { from: clamp(first, rows), to: clamp(last, rows) };
}

function clamp(n: number, rows: number): number {
  return Math.max(0, Math.min(rows, n));
}

/** The range of `rows` rows, each `row` pixels high, as the page scrolls under `list`. */
export function useRange(list: RefObject<HTMLElement | null>, rows: number, row: number): Range {
  const [range, setRange] = useState<Range>({ from: 0, to: Math.min(rows, 3 * BEYOND) });
  const look = (): void => {
    const box = list.current?.getBoundingClientRect();
    if (!box) return;
    const next = rangeOf(box.top, innerHeight, row, rows);
    setRange((old) => (old.from === next.from && old.to === next.to ? old : next));
  };
  useLayoutEffect(look, [rows, row]);
  useEffect(() => {
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    const above = new ResizeObserver(look);
    above.observe(document.body);
    return () => {
      above.disconnect();
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [rows, row]);
  return range;
}

/** True while the media query holds. */
export function useMedia(query: string): boolean {
  const [holds, setHolds] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const changed = (): void => setHolds(media.matches);
    media.addEventListener("change", changed);
    return () => media.removeEventListener("change", changed);
  }, [query]);
  return holds;
}
