/** A knob's slider: its places from 0 to STEPS, by the knob's own scale. */

import type { Knob } from "../model";

export const STEPS = 400;

/** The knob's value at a place, rounded to what a person would write; in force where it is. */
export function valueAt(knob: Knob, place: number): number {
  if (place === placeOf(knob, knob.value)) return knob.value;
  const part = place / STEPS;
  if (knob.scale === "log") {
    const low = Math.log10(knob.min);
    return rounded(10 ** (low + part * (Math.log10(knob.max) - low)), 2);
  }
  return rounded(knob.min + part * (knob.max - knob.min), 3);
}

export function placeOf(knob: Knob, value: number): number {
  if (knob.scale === "log") {
    const low = Math.log10(knob.min);
    return clamp(((Math.log10(value) - low) / (Math.log10(knob.max) - low)) * STEPS);
  }
  return clamp(((value - knob.min) / (knob.max - knob.min || 1)) * STEPS);
}

/** What the spec's field would be: it has a share where the knob has percentage points. */
export function inSpec(knob: Knob, value: number): string {
  return String(rounded(knob.name === "minimumEffect" ? value / 100 : value, 6));
}

function rounded(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}

function clamp(place: number): number {
  return Math.round(Math.max(0, Math.min(STEPS, place)));
}
