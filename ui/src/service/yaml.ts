/** JSON written as YAML, the way kubectl prints it. */

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** `value` as a YAML document, without a last line break. */
export function yaml(value: unknown): string {
  return block(value as Json, 0).replace(/^\n/, "");
}

function block(value: Json, depth: number): string {
  const pad = "  ".repeat(depth);
  if (isList(value)) {
    if (value.length === 0) return " []";
    return value.map((one) => `\n${pad}-${entry(one, depth)}`).join("");
  }
  if (typeof value === "object" && value !== null) {
    const pairs = Object.entries(value);
    if (pairs.length === 0) return " {}";
    return pairs.map(([key, one]) => `\n${pad}${scalar(key)}:${nested(one, depth)}`).join("");
  }
  return ` ${scalar(value)}`;
}

/** A value after its key; lists stand at the depth of the key, as kubectl has them. */
function nested(value: Json, depth: number): string {
  if (typeof value === "string" && value.includes("\n") && !/[\r\u0085\u2028\u2029]|^\s/.test(value)) {
    return literal(value, depth + 1);
  }
  return block(value, isList(value) ? depth : depth + 1);
}

/** An entry of a list: the first line follows the dash. */
function entry(value: Json, depth: number): string {
  const text = block(value, depth + 1);
  return text.startsWith("\n") ? ` ${text.trimStart()}` : text;
}

function literal(text: string, depth: number): string {
  const pad = "  ".repeat(depth);
  const keep = text.endsWith("\n") ? (text.endsWith("\n\n") ? "+" : "") : "-";
  const lines = text.replace(/\n$/, "").split("\n");
  return ` |${keep}` + lines.map((line) => `\n${line ? pad + line : ""}`).join("");
}

const PLAIN = /^[A-Za-z_/$(][^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*$/;
const LENGTH = /^(\d+(\.\d+)?(ms|s|m|h|%))+$/;
const OTHER_KIND = /^(true|false|yes|no|on|off|null|~|y|n|\.inf|\.nan)$/i;

/** A string is quoted wherever it could be read as something else. */
function scalar(value: null | boolean | number | string): string {
  if (typeof value !== "string") return String(value);
  if (LENGTH.test(value)) return value;
  const plain = PLAIN.test(value) && !OTHER_KIND.test(value);
  if (plain && !/: | #|[\s:]$/.test(value)) return value;
  return JSON.stringify(value);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
