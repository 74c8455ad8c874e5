import { describe, expect, it } from "vitest";
import { inSpec, placeOf, STEPS, valueAt } from "../src/whatif/knob";
import { differenceSaid } from "../src/whatif/outcome";
import { replay, triedThreshold } from "../src/whatif/replay";
import { isOutlier, wilson, type Sample } from "../src/whatif/rule";
import { breaker, decision, history, knob, numbers } from "./samples";

function sample(changes: Partial<Sample>): Sample {
  return {
    wasOutlier: false,
    value: null,
    n: null,
    k: null,
    baseline: null,
    margin: null,
    factor: null,
    score: null,
    limit: null,
    ...changes,
  };
}

describe("a value judged again", () => {
  const ratio = breaker("ratio", {
    unit: "%",
    fixed: { alpha: 1e-6, minimumEvents: 3, minimumEffect: 3 },
  });

  it("is an outlier of a share out of a list beyond the tolerance", () => {
    const list = breaker("discreteValueOutOfList");
    const tolerance = knob("tolerancePercent", 50);
    expect(isOutlier(list, tolerance, 40, sample({ value: 45 }))).toBe(true);
    expect(isOutlier(list, tolerance, 46, sample({ value: 45 }))).toBe(false);
    expect(isOutlier(list, tolerance, 60, sample({ value: 55, wasOutlier: true }))).toBe(false);
  });

  it("is an outlier below a bound from below", () => {
    const below = breaker("threshold", { side: "below" });
    expect(isOutlier(below, knob("below", 10), 20, sample({ value: 15 }))).toBe(true);
    expect(isOutlier(below, knob("below", 10), 5, sample({ value: 8, wasOutlier: true }))).toBe(false);
  });

  it("of counted events needs the bound's confidence, not the share alone", () => {
    const share = breaker("threshold", { unit: "share" });
    const few = sample({ value: 0.2, n: 10 });
    const many = sample({ value: 0.2, n: 1000 });
    expect(isOutlier(share, knob("above", 0.5), 0.15, few)).toBe(false);
    expect(isOutlier(share, knob("above", 0.5), 0.15, many)).toBe(true);
  });

  it("by ratio differs by alpha exactly where the margin crosses it", () => {
    const alpha = knob("alpha", 1e-6, { scale: "log", min: 1e-12, max: 0.05 });
    const near = sample({ value: 9, baseline: 1, margin: 1, k: 50 });
    expect(isOutlier(ratio, alpha, 9e-6, near)).toBe(false);
    expect(isOutlier(ratio, alpha, 1.1e-5, near)).toBe(true);
    const far = sample({ value: 9, baseline: 1, margin: -4, k: 50, wasOutlier: true });
    expect(isOutlier(ratio, alpha, 1e-9, far)).toBe(true);
    expect(isOutlier(ratio, alpha, 1e-11, far)).toBe(false);
  });

  it("by ratio is not known where the test was never made", () => {
    const effect = knob("minimumEffect", 3);
    expect(isOutlier(ratio, effect, 1, sample({ value: 3, baseline: 1, k: 20 }))).toBeNull();
    expect(isOutlier(ratio, effect, 1, sample({ value: 1.5, baseline: 1, k: 20 }))).toBe(false);
    expect(isOutlier(ratio, effect, 1, sample({ value: 3, baseline: 1, k: 2 }))).toBe(false);
  });

  it("by deviation needs the factor besides the score", () => {
    const deviation = breaker("deviation", { fixed: { minimumFactor: 1.5 } });
    const score = knob("maximumScore", 3.5);
    expect(isOutlier(deviation, score, 2, sample({ value: 20, baseline: 10, margin: 3 }))).toBe(true);
    expect(isOutlier(deviation, score, 2, sample({ value: 14, baseline: 10, margin: 3 }))).toBe(false);
  });

  it("of a small fleet does not depend on the score", () => {
    const small = sample({ value: 30, baseline: 10, margin: 9, limit: 0, wasOutlier: true });
    expect(isOutlier(breaker("deviation"), knob("maximumScore", 3.5), 19, small)).toBe(true);
  });

  it("by trend is an outlier only if it crosses in time", () => {
    const trend = breaker("trend", { fixed: { alpha: 1e-4 } });
    const alpha = knob("alpha", 1e-4);
    const rising = { value: 1, margin: 0.5 };
    expect(isOutlier(trend, alpha, 1e-3, sample({ ...rising, score: 10 }))).toBe(true);
    expect(isOutlier(trend, alpha, 1e-3, sample({ ...rising, score: -10 }))).toBe(false);
    expect(isOutlier(trend, alpha, 1e-3, sample(rising))).toBeNull();
  });

  it("stays as it was with the setting in force, whatever was kept of it", () => {
    expect(isOutlier(ratio, knob("alpha", 1e-6), 1e-6, sample({ wasOutlier: true }))).toBe(true);
  });
});

describe("Wilson's bounds", () => {
  it("enclose the share and close in on it", () => {
    expect(wilson(0, 10, -1)).toBe(0);
    expect(wilson(10, 10, 1)).toBe(1);
    expect(wilson(50, 100, -1)).toBeCloseTo(0.4187, 3);
    expect(wilson(50, 100, 1)).toBeCloseTo(0.5813, 3);
  });
});

describe("the hour replayed", () => {
  const bound = breaker("threshold", { name: "errors" });
  const above = knob("above", 10);

  it("tells new minutes from those that stay and those that go", () => {
    const kept = history(0, [5, 12, 20, null], "foo.");
    expect(replay(bound, above, 4, kept, []).rows[0]?.minutes).toEqual(["new", "stays", "stays", "none"]);
    expect(replay(bound, above, 15, kept, []).rows[0]?.minutes).toEqual(["fine", "gone", "stays", "none"]);
  });

  it("judges the breaker's own decisions again, and no returns", () => {
    const decisions = [
      decision({ id: "a", numbers: numbers({ value: 12 }) }),
      decision({ id: "b", action: "Returned" }),
      decision({ id: "c", breaker: "latency", numbers: numbers({ value: 12 }) }),
      decision({ id: "d" }),
    ];
    const found = replay(bound, above, 15, null, decisions).decisions;
    expect(found.map(({ decision: { id }, stands }) => [id, stands])).toEqual([
      ["a", false],
      ["d", null],
    ]);
  });

  it("is told in a sentence", () => {
    const kept = history(0, [5, 12], "fo");
    const gone = replay(bound, above, 15, kept, [decision({ numbers: numbers({ value: 12 }) })]);
    expect(differenceSaid(gone, 2)).toBe("1 decision would not have been made.");
    expect(differenceSaid(replay(bound, above, 4, kept, []), 2)).toBe(
      "1 pod would have been called outliers besides.",
    );
    expect(differenceSaid(replay(bound, above, 11, kept, []), 2)).toBe("Nothing would have differed.");
  });

  it("draws the line where the knob puts it", () => {
    const kept = history(0, [5, 12], "fo");
    expect(triedThreshold(bound, above, 15, kept)).toEqual([15, 15]);
    const effect = knob("minimumEffect", 3);
    expect(triedThreshold(breaker("ratio"), effect, 5, kept)).toEqual([6, 6]);
    expect(triedThreshold(breaker("ratio"), knob("alpha", 1e-6), 1e-3, kept)).toBeNull();
  });
});

describe("a knob's slider", () => {
  const alpha = knob("alpha", 9e-6, { scale: "log", min: 1e-12, max: 0.05 });

  it("covers the knob's range, by powers where it is logarithmic", () => {
    expect(valueAt(alpha, 0)).toBeCloseTo(1e-12, 15);
    expect(valueAt(alpha, STEPS)).toBe(0.05);
    expect(valueAt(knob("x", 7), STEPS / 2)).toBe(50);
  });

  it("is written as the spec has it", () => {
    expect(inSpec(alpha, 9e-6)).toBe("0.000009");
    expect(inSpec(knob("minimumEffect", 3), 4.5)).toBe("0.045");
  });

  it("comes back to exactly what is in force", () => {
    expect(valueAt(alpha, placeOf(alpha, 9e-6))).toBe(9e-6);
  });
});
