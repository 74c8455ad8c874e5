import { describe, expect, it } from "vitest";
import { barInWords } from "../src/fleet/bar";
import { barOf, MOST_CELLS, shared, type Counts } from "../src/fleet/cells";
import { filterOf, listing, sortOf } from "../src/fleet/listing";
import { rangeOf } from "../src/fleet/rows";
import { countsOf, headline, isAtFloor, spareOf, totalsOf } from "../src/fleet/standing";
import { row } from "./samples";

const NONE: Counts = { serving: 0, probation: 0, waiting: 0, ejected: 0, paused: 0 };

describe("a Service's standing", () => {
  it("counts each member once, those on probation among the serving", () => {
    const counts = countsOf(row({ members: 10, serving: 7, ejected: 1, paused: 1, probation: 2 }));
    expect(counts).toEqual({ serving: 5, probation: 2, waiting: 1, ejected: 1, paused: 1 });
  });

  it("is not known before anybody has counted", () => {
    expect(countsOf(row({ members: null, serving: null }))).toBeNull();
    expect(spareOf(row({ floor: null }))).toBeNull();
  });

  it("is at its floor only where it could be above it", () => {
    expect(isAtFloor(row({ members: 10, serving: 5, ejected: 5 }))).toBe(true);
    expect(isAtFloor(row({ members: 10, serving: 4, ejected: 5 }))).toBe(true);
    expect(isAtFloor(row({ members: 10, serving: 6, ejected: 4 }))).toBe(false);
    expect(isAtFloor(row({ members: 1, serving: 1, floor: 1 }))).toBe(false);
  });

  it("counts as at its floor wherever it is below it", () => {
    expect(isAtFloor(row({ members: 3, serving: 2, floor: 3 }))).toBe(true);
  });

  it("is summed up in one sentence", () => {
    expect(headline(totalsOf([]))).toBe("Nothing is guarded yet");
    expect(headline(totalsOf([row()]))).toBe("All 10 pods serve in 1 Service");
    const out = [row(), row({ name: "search", serving: 9, ejected: 1 })];
    expect(headline(totalsOf(out))).toBe("1 pod out of traffic in 1 of 2 Services");
  });
});

describe("the list of Services", () => {
  const calm = row({ name: "calm-2" });
  const calmer = row({ name: "calm-10" });
  const out = row({ name: "zoo", serving: 7, ejected: 3 });
  const close = row({ name: "close", serving: 5, paused: 1, members: 6, floor: 5 });
  const rows = [calmer, calm, out, close];

  it("has those with most out first, or those closest to the floor", () => {
    expect(listing(rows, "", "all", "out")[0]).toBe(out);
    expect(listing(rows, "", "all", "floor").slice(0, 2)).toEqual([close, out]);
  });

  it("sorts names by the numbers in them", () => {
    expect(listing([calmer, calm], "", "all", "name")).toEqual([calm, calmer]);
  });

  it("finds rows that hold every word, in the name, namespace or breakers", () => {
    expect(listing(rows, "SHOP zoo", "all", "name")).toEqual([out]);
    expect(listing(rows, "errors", "floor", "name")).toEqual([close]);
    expect(listing(rows, "none such", "all", "name")).toEqual([]);
  });

  it("puts Services that nobody has counted last by closeness", () => {
    const unknown = row({ name: "a", serving: null, floor: null });
    expect(listing([unknown, calm], "", "all", "floor")).toEqual([calm, unknown]);
  });

  it("falls back on all, most out first, for words in the address that it does not know", () => {
    expect([filterOf("nonsense"), filterOf("dry"), sortOf(null)]).toEqual(["all", "dry", "out"]);
  });

  it("draws the rows on the screen and a few beyond", () => {
    expect(rangeOf(100, 800, 50, 1500)).toEqual({ from: 0, to: 24 });
    expect(rangeOf(-40_000, 800, 50, 1500)).toEqual({ from: 792, to: 824 });
    expect(rangeOf(-74_900, 800, 50, 1500).to).toBe(1500);
  });
});

describe("a fleet's bar", () => {
  it("has the floor's line where the floor is", () => {
    const bar = barOf({ ...NONE, serving: 9, ejected: 1 }, 5);
    expect(bar.floor).toBe(bar.width / 2);
  });

  it("shows one of a thousand", () => {
    const cells = shared({ ...NONE, serving: 999, ejected: 1 }, 1000);
    expect(cells.ejected).toBe(1);
    expect(cells.serving + cells.ejected).toBe(MOST_CELLS);
  });

  it("is said in words", () => {
    expect(barInWords({ ...NONE, serving: 8, ejected: 1, paused: 1 }, 5)).toBe(
      "8 serving, 1 ejected and 1 paused; floor 5 pods",
    );
    expect(barInWords(NONE, null)).toBe("no members");
  });
});
