/** Numbers, times and counts as people write them. */

const DAY = 86400;

/** A length of time in its two largest units: `3 min 20 s`, `2 h 5 min`, `4 d`. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 600) return joined(s, 60, "min", 1, "s");
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < DAY) return joined(s, 3600, "h", 60, "min");
  return s < 7 * DAY ? joined(s, DAY, "d", 3600, "h") : `${Math.floor(s / DAY)} d`;
}

function joined(s: number, big: number, bigName: string, small: number, smallName: string): string {
  const rest = Math.floor((s % big) / small);
  return `${Math.floor(s / big)} ${bigName}` + (rest ? ` ${rest} ${smallName}` : "");
}

/** How long ago `then` was at `now`, both Unix seconds. */
export function ago(then: number, now: number): string {
  const seconds = now - then;
  return seconds < 1 ? "just now" : `${span(seconds)} ago`;
}

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A whole number with its thousands apart: `12,402`. */
export function count(n: number): string {
  return grouped.format(n);
}

/** `1 pod`, `2 pods`; `plural` where an s does not do. */
export function many(n: number, one: string, plural = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : plural}`;
}

/** A measured number in at most four digits, with what it is a number of: `35.8 %`, `1.2e-7`. */
export function measured(value: number, unit = ""): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "no value" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 0.001 || size >= 1e6)
      ? value.toExponential(1)
      : String(Number(value.toPrecision(size >= 1000 ? 4 : 3)));
  return text.replace("-", "−").replace("e−", "e-") + (unit ? ` ${unit}` : "");
}

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const calendar = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** The time of day on the reader's clock; `at` is in Unix seconds. */
export function timeOfDay(at: number): string {
  return clock.format(at * 1000);
}

/** Day and time on the reader's clock. */
export function dayAndTime(at: number): string {
  return calendar.format(at * 1000);
}

/** `["a", "b", "c"]` as `a, b and c`. */
export function listed(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join("");
  return `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]}`;
}
