import { describe, expect, it } from "vitest";
import { placeOf } from "../src/router";
import type { Approval, Rule, Rules } from "../src/rules/model";
import {
  actionName,
  headline,
  inOrder,
  objectsSaid,
  pendingOf,
  standingSaid,
  stateSaid,
  statesOf,
  totalsOf,
} from "../src/rules/standing";
import { ANSWER } from "./samples";

function rule(changes: Partial<Rule> = {}): Rule {
  return {
    name: "resize",
    level: "ok",
    ready: true,
    reason: "Following",
    message: "",
    kind: "",
    conditions: ["used Gt 50"],
    actions: [{ name: "openstorage.io.action.volume/resize", params: "" }],
    needsApproval: false,
    dryRun: false,
    weight: 0,
    objects: 3,
    triggered: 0,
    acting: 0,
    states: { Normal: 3 },
    wrong: [],
    ...changes,
  };
}

const WRONG = rule({
  name: "wrong",
  level: "alarm",
  ready: false,
  reason: "SpecInvalid",
  states: {},
  wrong: [
    { type: "Ready", status: "False", reason: "SpecInvalid", message: "no", since: null, good: false },
  ],
});
const WAITING = rule({
  name: "waiting",
  level: "notice",
  triggered: 1,
  states: { Normal: 2, ActionAwaitingApproval: 1 },
});
const ASKED: Approval = {
  namespace: "shop",
  name: "waiting-data-0",
  rule: "waiting",
  state: "pending",
  asked: 0,
  expires: 60,
  previews: [],
};

function found(rules: Rule[], approvals: Approval[] = []): Rules {
  return { ...ANSWER, rules, objects: [], approvals };
}

describe("the headline", () => {
  it("says that there is nothing to do", () => {
    expect(headline(found([rule()]))).toBe("The one rule has nothing to do");
    expect(headline(found([rule(), rule()]))).toBe("All 2 rules have nothing to do");
    expect(headline(found([]))).toBe("There is no remediation rule yet");
  });
  it("says what people are asked for, and what is wrong", () => {
    expect(headline(found([WAITING], [ASKED]))).toBe("1 approval waits for you");
    expect(headline(found([WAITING, WRONG, rule({ acting: 2 })], [ASKED, ASKED]))).toBe(
      "1 rule cannot be followed, 2 approvals wait for you and 2 objects are acted on",
    );
  });
  it("says where conditions hold", () => {
    expect(headline(found([rule({ triggered: 2 })]))).toBe("Conditions hold for 2 objects");
  });
  it("does not speak of rules that cannot be seen", () => {
    expect(headline({ ...found([]), access: "forbidden" })).toBe(
      "There are no remediation rules to see",
    );
  });
});

describe("a rule", () => {
  it("stands where its objects do", () => {
    expect(standingSaid(rule())).toBe("Followed");
    expect(standingSaid(WRONG)).toBe("Spec invalid");
    expect(standingSaid(WAITING)).toBe("Waits for an approval");
    expect(standingSaid(rule({ states: { ActiveActionsInProgress: 1 } }))).toBe("Acts");
    expect(standingSaid(rule({ ready: false, level: "unknown" }))).toBe("Not looked at yet");
    expect(standingSaid(rule({ ready: false, level: "alarm" }))).toBe("Unreadable");
    expect(standingSaid(rule({ level: "alarm" }))).toBe("Cannot act");
  });
  it("says of how many objects its condition holds", () => {
    expect(objectsSaid(rule())).toBe("Its condition holds for none of 3 objects.");
    expect(objectsSaid(WAITING)).toBe("Its condition holds for 1 of 3 objects.");
    expect(objectsSaid(WRONG)).toBe("Nothing is done by it.");
    expect(objectsSaid(rule({ objects: 0 }))).toBe("It selects no object now.");
    expect(objectsSaid(rule({ ready: false }))).toContain("has not looked at it yet");
  });
  it("counts the gravest states first, those not known last", () => {
    const states = { Normal: 1, Odd: 1, Triggered: 2, ActionsDeclined: 1 };
    expect(statesOf(rule({ states })).map(([state]) => state)).toEqual([
      "ActionsDeclined",
      "Triggered",
      "Normal",
      "Odd",
    ]);
    expect(stateSaid("OddState")).toBe("odd state");
  });
});

it("the gravest rules come first", () => {
  expect(inOrder([rule(), WAITING, WRONG]).map((one) => one.name)).toEqual([
    "wrong",
    "waiting",
    "resize",
  ]);
});

it("figures count objects and approvals that wait", () => {
  const declined = rule({ states: { ActionsDeclined: 2 } });
  const approvals = [ASKED, { ...ASKED, state: "declined" }];
  expect(totalsOf(found([WAITING, declined], approvals))).toEqual({
    rules: 2,
    objects: 6,
    triggered: 1,
    acting: 0,
    pending: 1,
    declined: 2,
  });
  expect(pendingOf(approvals)).toEqual([ASKED]);
});

it("actions are called by what they do", () => {
  expect(actionName("openstorage.io.action.volume/resize")).toBe("volume/resize");
  expect(actionName("kubervisor.k8s.io.action.pod/evict")).toBe("pod/evict");
  expect(actionName("other/thing")).toBe("other/thing");
});

it("the page has an address", () => {
  expect(placeOf("/rules")).toEqual({ page: "rules" });
  expect(placeOf("/rules/x")).toEqual({ page: "unknown", path: "/rules/x" });
});
