import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { follow, HIDDEN_REST, SILENCE, wait, type Liveness } from "../src/live";

/** A stream that does what the test says; the newest is the last of `opened`. */
class Stream extends EventTarget {
  static opened: Stream[] = [];
  closed = false;
  onerror: (() => void) | null = null;

  constructor(readonly url: string) {
    super();
    Stream.opened.push(this);
  }

  close(): void {
    this.closed = true;
  }

  say(name: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
  }

  static get last(): Stream {
    return Stream.opened.at(-1)!;
  }
}

class Page extends EventTarget {
  hidden = false;

  turn(hidden: boolean): void {
    this.hidden = hidden;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

describe("a stream", () => {
  let page: Page;
  let heard: unknown[];
  let told: Liveness[];

  beforeEach(() => {
    vi.useFakeTimers();
    page = new Page();
    heard = [];
    told = [];
    Stream.opened = [];
    vi.stubGlobal("document", page);
    vi.stubGlobal("EventSource", Stream);
    follow("/api/stream", { fleet: (data) => heard.push(data) }, (link) => told.push(link.state));
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("is live from its first event on", () => {
    expect(told).toEqual(["connecting"]);
    Stream.last.say("fleet", { at: 1 });
    expect([heard, told.at(-1)]).toEqual([[{ at: 1 }], "live"]);
  });

  it("that fails is opened anew, and live again with what it says then", () => {
    Stream.last.say("fleet", 1);
    Stream.last.onerror?.();
    expect([told.at(-1), Stream.last.closed]).toEqual(["lost", true]);
    vi.advanceTimersByTime(wait(0, 1));
    expect(Stream.opened).toHaveLength(2);
    expect(told.at(-1)).toBe("lost");
    Stream.last.say("fleet", 2);
    expect([heard, told.at(-1)]).toEqual([[1, 2], "live"]);
  });

  it("that falls silent is lost; a heartbeat keeps it", () => {
    Stream.last.say("fleet", 1);
    vi.advanceTimersByTime(SILENCE - 1);
    Stream.last.say("heartbeat", { at: 2 });
    vi.advanceTimersByTime(SILENCE - 1);
    expect(told.at(-1)).toBe("live");
    vi.advanceTimersByTime(1);
    expect(told.at(-1)).toBe("lost");
  });

  it("rests while the page is hidden for long, and not for a glance elsewhere", () => {
    Stream.last.say("fleet", 1);
    page.turn(true);
    page.turn(false);
    vi.advanceTimersByTime(HIDDEN_REST);
    expect(told.at(-1)).toBe("live");
    page.turn(true);
    vi.advanceTimersByTime(HIDDEN_REST);
    expect([told.at(-1), Stream.last.closed]).toEqual(["resting", true]);
    page.turn(false);
    expect(Stream.opened).toHaveLength(2);
  });
});

describe("a lost connection", () => {
  it("is tried again later and later, and never quite together", () => {
    expect([0, 1, 2, 3].map((failures) => wait(failures, 1))).toEqual([1000, 2000, 4000, 8000]);
    expect(wait(50, 1)).toBe(30_000);
    expect(wait(0, 0)).toBe(500);
  });
});
