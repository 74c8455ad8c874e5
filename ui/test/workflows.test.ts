import { describe, expect, it } from "vitest";
import { placeOf } from "../src/router";
import type { Kind, Workflow, Workflows } from "../src/workflows/model";
import {
  followingOf,
  headline,
  kindOf,
  phaseSaid,
  standingSaid,
  stepsOf,
  totalsOf,
} from "../src/workflows/standing";
import { ANSWER } from "./samples";

const KIND: Kind = {
  kind: "CanaryDeployment",
  group: "examples.io",
  operator: "canary-operator",
  phases: [
    { name: "Initializing", final: false, next: ["Waiting"], timeout: null, onTimeout: "" },
    {
      name: "Waiting",
      final: false,
      next: ["Evaluating"],
      timeout: 600,
      onTimeout: "RollBack",
    },
    { name: "Evaluating", final: false, next: [], timeout: null, onTimeout: "" },
    { name: "RollBack", final: true, next: [], timeout: null, onTimeout: "" },
  ],
  objects: 1,
  problem: "",
};

function workflow(changes: Partial<Workflow> = {}): Workflow {
  return {
    kind: "CanaryDeployment",
    group: "examples.io",
    namespace: "web",
    name: "shop",
    level: "ok",
    phase: "Waiting",
    since: 1000,
    message: "",
    failures: 0,
    complete: false,
    deleting: false,
    reason: "Synced",
    wrong: [],
    says: [],
    passed: [
      { at: 940, phase: "Initializing", message: "" },
      { at: 1000, phase: "Waiting", message: "the canary is there" },
    ],
    ...changes,
  };
}

const DONE = workflow({ name: "done", phase: "RollBack", complete: true });
const WRONG = workflow({ name: "wrong", phase: "Evaluating", level: "alarm" });

function found(workflows: Workflow[], kinds: Kind[] = [KIND]): Workflows {
  return { ...ANSWER, kinds, workflows };
}

describe("the headline", () => {
  it("says what needs a look and what is on the way", () => {
    expect(headline(found([workflow()]))).toBe("1 workflow is on the way");
    expect(headline(found([workflow(), workflow(), WRONG, DONE]))).toBe(
      "1 workflow needs a look and 2 workflows are on the way",
    );
    expect(headline(found([{ ...DONE, level: "alarm" }]))).toBe("1 workflow needs a look");
  });
  it("says that all have come to their end, or that there are none", () => {
    expect(headline(found([DONE]))).toBe("The one workflow has come to its end");
    expect(headline(found([DONE, DONE]))).toBe("All 2 workflows have come to their end");
    expect(headline(found([]))).toBe("There is no workflow yet");
  });
  it("does not speak of workflows that cannot be seen", () => {
    const none = "There are no workflows to see";
    expect(headline({ ...found([]), access: "forbidden" })).toBe(none);
    expect(headline(found([], [{ ...KIND, problem: "This account may not list them." }]))).toBe(none);
  });
});

describe("what follows", () => {
  it("is what the kind says of the phase", () => {
    expect(followingOf(workflow(), KIND)).toEqual(["Evaluating", "RollBack"]);
    expect(followingOf(WRONG, KIND)).toEqual([]);
    expect(followingOf(DONE, KIND)).toEqual([]);
    expect(followingOf(workflow(), undefined)).toEqual([]);
  });
  it("is told with the instant at which it comes by itself", () => {
    expect(standingSaid(workflow(), KIND, 1300)).toBe(
      "Evaluating or Roll back may follow. In 5 min it goes to Roll back by itself.",
    );
    expect(standingSaid(workflow(), KIND, 1700)).toContain("Now it goes to Roll back");
    expect(standingSaid(DONE, KIND, 1300)).toBe("This phase is final: nothing more is done.");
    expect(standingSaid(workflow({ phase: "" }), KIND, 0)).toContain("has not looked at it yet");
    expect(standingSaid(workflow({ deleting: true }), KIND, 0)).toBe("It is being deleted.");
    expect(standingSaid(WRONG, KIND, 1300)).toBe("");
  });
});

describe("the timeline", () => {
  it("has each phase with how long it lasted, and those that may follow", () => {
    expect(stepsOf(workflow(), KIND, 6)).toEqual([
      { phase: "Initializing", state: "over", begun: 940, lasted: 60 },
      { phase: "Waiting", state: "now", begun: 1000, lasted: null },
      { phase: "Evaluating", state: "ahead", begun: null, lasted: null },
      { phase: "RollBack", state: "ahead", begun: null, lasted: null },
    ]);
  });
  it("keeps the newest where there are many", () => {
    const passed = Array.from({ length: 20 }, (_, n) => ({ at: n, phase: `P${n}`, message: "" }));
    const steps = stepsOf(workflow({ passed, complete: true }), KIND, 3);
    expect(steps.map((step) => step.phase)).toEqual(["P17", "P18", "P19"]);
  });
  it("does not guess where an instant is not known", () => {
    const passed = [
      { at: null, phase: "Initializing", message: "" },
      { at: 1000, phase: "Waiting", message: "" },
    ];
    expect(stepsOf(workflow({ passed }), undefined, 6).map((step) => step.lasted)).toEqual([
      null,
      null,
    ]);
  });
});

it("figures count what is on the way, at its end, and wrong", () => {
  expect(totalsOf(found([workflow(), WRONG, DONE]))).toEqual({
    workflows: 3,
    onTheWay: 2,
    complete: 1,
    wrong: 1,
    kinds: 1,
  });
});

it("a phase is said in words, and a kind is found by name and group", () => {
  expect(phaseSaid(DONE)).toBe("Roll back");
  expect(phaseSaid(workflow({ phase: "" }))).toBe("Not looked at yet");
  expect(kindOf(workflow(), [{ ...KIND, group: "other.io" }, KIND])).toBe(KIND);
});

it("the page has an address", () => {
  expect(placeOf("/workflows")).toEqual({ page: "workflows" });
  expect(placeOf("/workflows/x")).toEqual({ page: "unknown", path: "/workflows/x" });
});
