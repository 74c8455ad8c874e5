import { describe, expect, it } from "vitest";
import { barInWords } from "../src/data/bar";
import { barOf, countsOf, markAt, WIDTH } from "../src/data/cells";
import type { Condition } from "../src/model";
import type { Data, Rollout, Version } from "../src/data/model";
import { knownVersions } from "../src/data/past";
import { stepsOf } from "../src/data/stages";
import {
  headline,
  inOrder,
  phaseSaid,
  standingSaid,
  tooMany,
  troublesOf,
  versionName,
} from "../src/data/standing";
import { placeOf } from "../src/router";
import { ANSWER } from "./samples";

const GOOD: Version = { path: "6740a1b2-0123.tar.zst", sha256: "A", at: 0, pods: 15 };
const NEW: Version = { path: "6740b5d0-fedc.tar.zst", sha256: "B", at: 60, pods: null };

function rollout(changes: Partial<Rollout> = {}): Rollout {
  return {
    namespace: "shop",
    name: "prices",
    source: "prices",
    level: "ok",
    phase: "Settled",
    reason: "UpToDate",
    message: "",
    paused: false,
    pin: "",
    rules: { stages: [25, 100], probation: "10m", failurePercent: 25, progressDeadline: "30m" },
    lastKnownGood: GOOD,
    candidate: null,
    newest: GOOD,
    stage: null,
    users: 20,
    onLastKnownGood: 20,
    onCandidate: 0,
    proven: 0,
    failing: 0,
    dependants: 0,
    failingDependants: 0,
    versions: [],
    quarantine: [],
    quarantined: 0,
    failures: 0,
    notBefore: null,
    history: [],
    conditions: [],
    ...changes,
  };
}

const OUT = rollout({
  level: "notice",
  phase: "RollingOut",
  candidate: NEW,
  newest: NEW,
  stage: { index: 0, percent: 25, since: 0, needed: 5 },
  onLastKnownGood: 15,
  onCandidate: 5,
  proven: 3,
});
const BACK = rollout({
  level: "notice",
  failures: 1,
  newest: NEW,
  quarantine: [{ path: NEW.path, sha256: "B", reason: "CandidateFailing", at: 90 }],
  quarantined: 1,
});

function condition(type: string, reason: string, message: string): Condition {
  return { type, status: "False", reason, message, since: null, good: false };
}

function data(...rollouts: Rollout[]): Data {
  return { ...ANSWER, rollouts };
}

describe("a rollout of data", () => {
  it("has a page of its own", () => {
    expect(placeOf("/data")).toEqual({ page: "data" });
    expect(placeOf("/data/x").page).toBe("unknown");
  });

  it("is told in a sentence", () => {
    expect(standingSaid(rollout())).toBe("All 20 pods have 6740a1b2-0123.");
    expect(standingSaid(OUT)).toBe("5 of 20 pods are asked to have 6740b5d0-fedc.");
    expect(standingSaid(BACK)).toBe(
      "6740b5d0-fedc was taken back: pods that have it fail. All 20 pods have 6740a1b2-0123.",
    );
    expect(standingSaid({ ...BACK, phase: "RollingBack", onLastKnownGood: 19 })).toBe(
      "19 of 20 pods are asked to go back to 6740a1b2-0123.",
    );
    expect(standingSaid(rollout({ users: 1, onLastKnownGood: 1 }))).toBe(
      "Its one pod has 6740a1b2-0123.",
    );
    expect(standingSaid(rollout({ users: 0 }))).toBe("No pod uses it now.");
    expect(standingSaid(rollout({ phase: "" }))).toMatch(/not looked at it/);
    expect(standingSaid(rollout({ phase: "Waiting", newest: null }))).toMatch(/published yet/);
  });

  it("has a word for where it is", () => {
    expect([rollout(), OUT, BACK].map(phaseSaid)).toEqual(["Settled", "Rolling out", "Rolled back"]);
    expect(phaseSaid({ ...OUT, reason: "Stalled" })).toBe("Stalled");
    expect(phaseSaid(rollout({ phase: "", level: "unknown" }))).toBe("Not looked at yet");
    const duplicate = condition("Ready", "Duplicate", "another is older");
    expect(phaseSaid(rollout({ phase: "", conditions: [duplicate] }))).toBe("Duplicate");
  });

  it("says what is wrong once", () => {
    const conditions = [
      condition("Ready", "Stalled", "as the message"),
      condition("RepositoryAvailable", "RepositoryUnavailable", "connection refused"),
    ];
    const told = troublesOf(rollout({ conditions, message: "as the message" }));
    expect(told.map(([title, one]) => [title, one.message])).toEqual([
      ["The repository does not answer", "connection refused"],
    ]);
  });

  it("is summed up with the others", () => {
    expect(headline(data())).toBe("No pod uses data of a source yet");
    expect(headline(data(rollout()))).toBe("The one source is settled");
    expect(headline(data(rollout(), rollout()))).toBe("All 2 sources are settled");
    expect(headline(data(OUT, BACK, rollout()))).toBe(
      "Of 3 sources, 1 was rolled back and 1 is rolling out",
    );
    expect(headline(data(rollout(), rollout({ phase: "Waiting" })))).toBe(
      "Of 2 sources, 1 is settled",
    );
    expect(headline({ ...data(), access: "forbidden" })).toMatch(/no data rollouts/);
  });

  it("comes first where it is in trouble", () => {
    const bad = rollout({ source: "z", level: "alarm" });
    expect(inOrder([rollout({ source: "b" }), rollout(), OUT, bad]).map((o) => o.source)).toEqual([
      "z",
      "prices",
      "b",
      "prices",
    ]);
  });

  it("knows when too many fail", () => {
    expect([tooMany(1, 4, 25), tooMany(2, 4, 25), tooMany(2, 4, null)]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it("names versions without what says that they are archives", () => {
    expect(["a.tar.zst", "b.tgz", "c.d"].map(versionName)).toEqual(["a", "b", "c.d"]);
  });

  it("says of each version what it is and who runs it", () => {
    const known = knownVersions({ ...BACK, versions: [{ ...GOOD, pods: 18 }] });
    expect(known.map(({ version, roles }) => [version.pods, roles])).toEqual([
      [18, ["last known good"]],
      [null, ["newest published", "in quarantine"]],
    ]);
  });
});

describe("the bar of a source's pods", () => {
  it("tells them by what they have", () => {
    expect(countsOf(OUT)).toEqual({ proven: 3, trying: 2, other: 0, good: 15 });
    expect(countsOf(rollout({ onLastKnownGood: 19 }))?.other).toBe(1);
    expect(countsOf(rollout({ users: null }))).toBeNull();
    expect(barInWords({ proven: 3, trying: 2, other: 0, good: 15 })).toBe(
      "Pods by version: 15 last known good, 2 candidate, on probation and 3 candidate, proven",
    );
  });

  it("shows whoever is there, and ends at its end", () => {
    const bar = barOf({ proven: 0, trying: 1, other: 0, good: 4999 });
    expect(bar.paths.trying).toMatch(/H20\.\dV20/);
    expect(bar.paths.good).toContain(`H${WIDTH}`);
    expect(barOf({ proven: 0, trying: 0, other: 0, good: 0 }).paths).toEqual({});
  });

  it("has a line where a stage ends, and none at its own ends", () => {
    expect([markAt(25, 20), markAt(25, 3), markAt(100, 20), markAt(25, 1)]).toEqual([
      250,
      333.3,
      null,
      null,
    ]);
  });
});

describe("the stages", () => {
  it("are over, now or ahead", () => {
    const stage = { index: 1, percent: 50, since: 0, needed: 10 };
    const rules = { ...OUT.rules, stages: [25, 50, 100] };
    expect(stepsOf({ ...OUT, stage, rules })).toEqual([
      { percent: 25, passed: "over", pods: 5 },
      { percent: 50, passed: "now", pods: 10 },
      { percent: 100, passed: "ahead", pods: 20 },
    ]);
    expect(stepsOf(rollout()).map((step) => step.passed)).toEqual(["ahead", "ahead"]);
  });

  it("are the current one and the last where nobody says which there are", () => {
    const rules = { ...OUT.rules, stages: [] };
    expect(stepsOf({ ...OUT, rules }).map((step) => [step.percent, step.passed])).toEqual([
      [25, "now"],
      [100, "ahead"],
    ]);
  });
});
