import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ask, EVERY } from "../src/data/asking";
import { HIDDEN_REST, SILENCE, type Following, type Liveness } from "../src/live";

class Page extends EventTarget {
  hidden = false;

  turn(hidden: boolean): void {
    this.hidden = hidden;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

describe("a document that is asked for again and again", () => {
  let page: Page;
  let heard: unknown[];
  let told: Liveness[];
  let asked: number;
  let answer: (signal: AbortSignal) => Promise<Response>;
  let following: Following;

  beforeEach(() => {
    vi.useFakeTimers();
    page = new Page();
    heard = [];
    told = [];
    asked = 0;
    answer = async () => Response.json({ n: asked });
    vi.stubGlobal("document", page);
    vi.stubGlobal("fetch", (_: string, { signal }: { signal: AbortSignal }) => {
      asked += 1;
      return answer(signal);
    });
    following = ask("/api/data", (found) => heard.push(found), (link) => told.push(link.state));
  });

  afterEach(() => {
    following.stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("is live from its first answer on, and asked for again after a while", async () => {
    expect(told[0]).toBe("connecting");
    await vi.advanceTimersByTimeAsync(0);
    expect([heard, told.at(-1)]).toEqual([[{ n: 1 }], "live"]);
    await vi.advanceTimersByTimeAsync(EVERY);
    expect(heard).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it("is lost by an error, and live again by itself or when the reader asks", async () => {
    answer = async () => new Response("", { status: 500 });
    await vi.advanceTimersByTimeAsync(EVERY);
    expect(told.at(-1)).toBe("lost");
    answer = async () => Response.json("again");
    following.retryNow();
    await vi.advanceTimersByTimeAsync(0);
    expect([heard.at(-1), told.at(-1)]).toEqual(["again", "live"]);
  });

  it("is lost where no answer comes", async () => {
    answer = (signal) =>
      new Promise((_, refuse) => signal.addEventListener("abort", () => refuse(new Error())));
    await vi.advanceTimersByTimeAsync(EVERY + SILENCE);
    expect(told.at(-1)).toBe("lost");
  });

  it("rests while nobody looks, and is asked for at once when somebody does", async () => {
    await vi.advanceTimersByTimeAsync(0);
    page.turn(true);
    await vi.advanceTimersByTimeAsync(HIDDEN_REST);
    expect(told.at(-1)).toBe("resting");
    const before = asked;
    await vi.advanceTimersByTimeAsync(10 * EVERY);
    expect(asked).toBe(before);
    page.turn(false);
    await vi.advanceTimersByTimeAsync(0);
    expect([asked, told.at(-1)]).toEqual([before + 1, "live"]);
  });

  it("is asked for no more when it is stopped, and a late answer is nobody's", async () => {
    let release = (_: Response): void => undefined;
    answer = () => new Promise((resolve) => (release = resolve));
    await vi.advanceTimersByTimeAsync(EVERY);
    following.stop();
    release(Response.json("late"));
    await vi.advanceTimersByTimeAsync(10 * EVERY);
    expect([asked, heard]).toEqual([2, [{ n: 1 }]]);
  });
});
