import { describe, expect, it } from "vitest";
import { budgetIndex } from "../src/service/budget";
import { merged } from "../src/service/minutes";
import { places } from "../src/service/scale";
import { noScoresSaid } from "../src/service/scores";
import { asOf, chartOf, quantile } from "../src/service/series";
import { isJudging, standingSaid } from "../src/service/standing";
import { lengthened, NO_TAIL } from "../src/service/tail";
import { inOrder, worstOf } from "../src/service/watchdogs";
import { budgetThen, chanceSaid, factsOf, reasonOf, saidOf, whySaid } from "../src/service/why";
import { breaker, decision, history, member, numbers, row, service, watchdog } from "./samples";

describe("kept minutes", () => {
  it("are replaced where newer ones overlap, and appended", () => {
    const now = merged(history(0, [1, 2, 3], "fff"), history(120, [9, 4], "of"));
    expect(now.start).toBe(0);
    expect(now.breakers["errors"]?.pods["u1"]?.value).toEqual([1, 2, 9, 4]);
    expect(now.breakers["errors"]?.pods["u1"]?.judged).toBe("ffof");
  });

  it("are dropped beyond the span", () => {
    const newest = { ...history(120, [3], "f"), span: 2 };
    const now = merged(history(0, [1, 2], "ff"), newest);
    expect([now.start, now.minutes]).toEqual([60, 2]);
    expect(now.breakers["errors"]?.pods["u1"]?.value).toEqual([2, 3]);
  });

  it("leave a hole where nothing is known", () => {
    const now = merged(history(0, [1], "o"), history(120, [3], "f"));
    expect(now.breakers["errors"]?.pods["u1"]?.value).toEqual([1, null, 3]);
    expect(now.breakers["errors"]?.pods["u1"]?.judged).toBe("o.f");
    expect(now.budget.serving).toEqual([1, null, 1]);
  });

  it("forget pods of which no minute is left", () => {
    const newest = history(240, [3], "f");
    const kept = newest.breakers["errors"];
    if (kept) kept.pods = { u2: { ...kept.pods["u1"]!, name: "cart-2" } };
    const now = merged(history(0, [1], "f"), { ...newest, span: 2 });
    expect(Object.keys(now.breakers["errors"]?.pods ?? {})).toEqual(["u2"]);
  });
});

describe("a pod's line", () => {
  const errors = breaker("ratio");
  const ejected = decision({ at: 96, numbers: numbers({ value: 50 }) });
  const returned = decision({ at: 107, action: "Returned" });

  it("stands at the instant of the ejection with the value that led to it", () => {
    const past = history(0, [1, 40, 0], "fof");
    const chart = chartOf(errors, past, NO_TAIL, service({ decisions: [ejected] }));
    expect(chart.times).toEqual([0, 60, 96, 120]);
    expect(chart.told[0]?.values).toEqual([1, undefined, 50, 0]);
    expect(chart.told[0]?.outlier).toEqual([false, false, true, false]);
    expect(chart.minutes).toEqual([0, 1, undefined, 2]);
    expect(chart.threshold).toEqual([1, 1, undefined, 1]);
    expect(asOf(chart.threshold, 2)).toBe(1);
  });

  it("is broken until the return, however soon that was", () => {
    const past = history(0, [1, 40, 0], "fof");
    const decisions = [returned, ejected];
    const chart = chartOf(errors, past, NO_TAIL, service({ decisions }));
    expect(chart.times).toEqual([0, 60, 96, 107, 120]);
    expect(chart.told[0]?.values).toEqual([1, undefined, 50, null, 0]);
  });

  it("is broken in minutes in which the pod was out", () => {
    for (const out of "eph") {
      const past = history(0, [1, 0, 0], "f.f");
      const pod = past.breakers["errors"]?.pods["u1"];
      if (pod) pod.traffic = `s${out}s`;
      expect(chartOf(errors, past, NO_TAIL, service()).others[0]?.values).toEqual([1, null, 0]);
    }
  });

  it("is broken in steps in which the pod was out", () => {
    const serving = lengthened(NO_TAIL, [member("serving", 1, 10)], null, 10);
    const tail = lengthened(serving, [member("ejected", 0, 15)], null, 15);
    expect(tail.scores.get("errors")?.get("u1")?.value).toEqual([1, null]);
  });

  it("leaves the decisions of other pods and breakers alone", () => {
    const past = history(0, [1, 2], "ff");
    const decisions = [
      decision({ at: 30, uid: "u2", numbers: numbers({ value: 9 }) }),
      decision({ at: 40, action: "Refused", breaker: "latency", numbers: numbers({ value: 9 }) }),
    ];
    const chart = chartOf(errors, past, NO_TAIL, service({ decisions }));
    expect(chart.times).toEqual([0, 30, 60]);
    expect(chart.others.concat(chart.told)[0]?.values).toEqual([1, undefined, 2]);
  });
});

describe("a Service without scores", () => {
  it("is promised some only while it judges", () => {
    expect(isJudging(service({ stance: "release" }))).toBe(false);
    expect(isJudging(service({ stance: null }))).toBe(false);
    expect(isJudging(service({ stance: "dry-run" }))).toBe(true);
    expect(noScoresSaid(breaker("ratio"), true)).toContain("within 5 s");
    expect(noScoresSaid(breaker("ratio"), false)).toBe(
      "Nothing is judged while this Service is not guarded.",
    );
  });
});

describe("why, in plain words", () => {
  it("of a ratio: what failed, of how many, beside whom, and how likely that is", () => {
    const found = numbers({ value: 8.97, k: 54, n: 604, baseline: 0.41, peers: 9, window: 60, p: 3e-27 });
    expect(whySaid(found, breaker("ratio"))).toBe(
      "8.97 % of its requests failed within 1 min (54 of 604); its 9 peers failed 0.41 %. " +
        "Chance alone would do that once in 10²⁷ such steps.",
    );
  });

  it("of a bound: the value and the bound", () => {
    const found = numbers({ value: 12, threshold: 10 });
    expect(whySaid(found, breaker("threshold", { side: "below" }))).toBe(
      "Its value was 12; it must not be below 10.",
    );
  });

  it("says chances as one in so many", () => {
    expect(chanceSaid(0.02)).toBe("Chance alone would do that in 2 % of such steps.");
    expect(chanceSaid(1e-4)).toBe("Chance alone would do that once in 10,000 such steps.");
  });

  it("finds the budget as it was then in the evidence", () => {
    const evidence = "3 of 9 failed; 5 of 5 serving, floor 3: may eject 2; out for 11 s";
    expect(budgetThen(evidence)).toBe("5 of 5 serving, floor 3: may eject 2");
    const facts = factsOf(decision({ evidence, numbers: numbers({ value: 3 }) }), breaker("ratio"));
    expect(facts.map((fact) => fact.name)).toEqual(["Value", "Steps", "Budget then"]);
  });
});

describe("what watchdogs say", () => {
  const disk = watchdog("disk", "error");
  const net = watchdog("net", "Warning");
  const cpu = watchdog("cpu", "info");

  it("is told worst first", () => {
    const names = inOrder([watchdog("a", "Unknown"), cpu, net, disk]).map((one) => one.name);
    expect(names).toEqual(["disk", "net", "cpu", "a"]);
  });

  it("stands beside a pod where it is wrong, until it expires", () => {
    expect(worstOf([cpu, watchdog("a", "Unknown")], 100)).toBeUndefined();
    expect(worstOf([cpu, net, disk], 100)?.name).toBe("disk");
    const expired = watchdog("disk", "error", { expires: 99 });
    expect(worstOf([expired, net], 100)?.name).toBe("net");
  });

  it("is the reason in their own words, without the budget", () => {
    const said = "watchdog disk says error: full; 99 %, since 12:03:04";
    const ejected = decision({ evidence: `${said}; 4 of 4 serving, floor 1: may eject 3` });
    expect(saidOf(ejected, breaker("watchdog"))).toBe(`Its ${said}.`);
    expect(reasonOf(ejected, breaker("watchdog"))).toBe("outlier by its own word");
    expect(reasonOf(ejected, breaker("ratio"))).toBe("outlier among its peers");
    const returned = decision({ action: "Returned", evidence: "its time out of traffic is over" });
    expect(saidOf(returned, breaker("watchdog"))).toBe("");
  });
});

describe("a Service's standing in words", () => {
  it("says who is out and what may still go", () => {
    expect(standingSaid(row({ serving: 9, ejected: 1, mayEject: 4 }))).toBe(
      "1 of 10 pods is out of traffic; 4 more may be ejected before the floor of 5.",
    );
    expect(standingSaid(row({ serving: 5, ejected: 5, mayEject: 0 }))).toBe(
      "5 of 10 pods are out of traffic; the floor of 5 is reached, so no more may be ejected.",
    );
    expect(standingSaid(row({ mayEject: 2 }))).toBe(
      "All 10 pods serve; 5 above the floor of 5, of which 2 may be ejected now.",
    );
  });
});

describe("numbers for the charts", () => {
  it("are quantiles between neighbours", () => {
    expect(quantile([], 0.5)).toBeNull();
    expect(quantile([1, 2, 3], 0.5)).toBe(2);
    expect(quantile([0, 10], 0.1)).toBe(1);
  });

  it("put zero on the scale, and leave room beyond", () => {
    const [peers = -1, value = -1] = places([1, 10]);
    expect(peers).toBeGreaterThan(0);
    expect(value).toBeLessThan(100);
    expect(places([-5, 5])[0]).toBe(0);
  });

  it("read the budget of the step that is read", () => {
    expect(budgetIndex([0, 60, 120], 60)).toBe(1);
    expect(budgetIndex([0, 60, 120], undefined)).toBe(2);
    expect(budgetIndex([60, 120], 0)).toBe(0);
  });
});
