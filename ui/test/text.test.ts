import { describe, expect, it } from "vitest";
import { conditionSaid, reasonSaid } from "../src/reasons";
import { placeOf, serviceLink, withQuery } from "../src/router";
import { yaml } from "../src/service/yaml";
import { ago, listed, many, measured, span } from "../src/words";

describe("words", () => {
  it("tell lengths of time in two units at most", () => {
    expect([12, 90, 3599, 7500, 90_000, 1e6].map(span)).toEqual([
      "12 s",
      "1 min 30 s",
      "59 min",
      "2 h 5 min",
      "1 d 1 h",
      "11 d",
    ]);
  });

  it("never tell of the future", () => {
    expect(ago(100, 90)).toBe("just now");
    expect(ago(100, 112)).toBe("12 s ago");
  });

  it("round measured numbers to what can be read", () => {
    expect([35.8213, 0.00012, 12_345, -2.5].map((n) => measured(n))).toEqual([
      "35.8",
      "1.2e-4",
      "12350",
      "−2.5",
    ]);
    expect(measured(3, "%")).toBe("3 %");
  });

  it("count and list", () => {
    expect([many(1, "pod"), many(1500, "pod")]).toEqual(["1 pod", "1,500 pods"]);
    expect(listed(["a", "b", "c"])).toBe("a, b and c");
  });

  it("turn reasons and conditions into plain ones", () => {
    expect(reasonSaid("HoldElapsed")).toBe("its time out is over");
    expect(reasonSaid("SomethingNew")).toBe("something new");
    expect(conditionSaid("SourcesAvailable", "False")).toBe("Source failing");
    expect(conditionSaid("BelowFloor", "True")).toBe("Below floor");
  });
});

describe("addresses", () => {
  it("name the fleet, a Service and a part of it", () => {
    expect(placeOf("/", "q=cart")).toMatchObject({ page: "fleet" });
    expect(placeOf("/services/shop/cart.v2")).toMatchObject({ name: "cart.v2", part: "overview" });
    expect(placeOf("/services/shop/cart/what-if")).toMatchObject({ part: "what-if" });
    expect(placeOf("/services/shop/cart/nonsense").page).toBe("unknown");
    expect(placeOf("/services/%E0%A4%A/x").page).toBe("service");
  });

  it("lead to where they are read from", () => {
    expect(placeOf(serviceLink("a b", "c/d", "spec"))).toMatchObject({
      namespace: "a b",
      name: "c/d",
      part: "spec",
    });
    expect(withQuery("/", { q: "a b", show: "" })).toBe("/?q=a+b");
  });
});

describe("YAML", () => {
  it("is written as kubectl writes it", () => {
    const spec = {
      service: "shop",
      budget: { minAvailable: "50%" },
      breakers: [{ name: "errors", ratio: { window: "60s", codes: ["5..", "429"] } }],
      none: [],
      dryRun: false,
    };
    expect(yaml(spec)).toBe(
      [
        "service: shop",
        "budget:",
        "  minAvailable: 50%",
        "breakers:",
        "- name: errors",
        "  ratio:",
        "    window: 60s",
        "    codes:",
        '    - "5.."',
        '    - "429"',
        "none: []",
        "dryRun: false",
      ].join("\n"),
    );
  });

  it("quotes what would be read as something else", () => {
    const quoted = ["yes", "null", "a: b", "a #b", "- a", "", "x ", "1e3", "\u202eabc", "a\tb"];
    for (const text of quoted) expect(yaml({ text })).toBe(`text: ${JSON.stringify(text)}`);
    expect(yaml({ promQL: 'up{pod="a"}' })).toBe('promQL: up{pod="a"}');
  });

  it("keeps lines of a query apart", () => {
    expect(yaml({ q: "sum(\n  up\n)" })).toBe("q: |-\n  sum(\n    up\n  )");
  });
});
