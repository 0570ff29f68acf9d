// The player's own arithmetic: which frame a time shows, which stretch it asks for, what a number is worth.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const source = readFileSync(new URL("../../ui/browser/player.js", import.meta.url), "utf8");
const { Player, bytes } = await import(
  `data:text/javascript,${encodeURIComponent(`${source}\nexport { Player, bytes };`)}`
);

/** A player without its page. */
function player(times, more = {}) {
  return Object.assign(Object.create(Player.prototype), { times: Float64Array.from(times), ...more });
}

test("the frame at a time is the last one that was shown by then", () => {
  const shown = player([2, 2.1, 2.2, 7]);
  assert.deepEqual([0, 2, 2.05, 2.1, 2.19995, 6.9, 7, 99].map((time) => shown.frameAt(time)), [0, 0, 0, 1, 2, 2, 3, 3]);
  assert.equal(player([5]).frameAt(1), 0);
});

test("a stretch that is not here is asked for once, and the next one in good time", () => {
  const asked = [];
  const clip = { span_frames: 10, rate_hz: 1 };
  const it = player(Array(40).keys(), { clip, spans: new Map([[0, "first"]]), index: 0, ask: (number) => asked.push(number) });
  assert.equal(it.current(), "first");
  it.index = 5; // six seconds on lies in the next stretch
  assert.equal(it.current(), "first");
  it.current();
  assert.deepEqual(asked, [1]);
  it.index = 25;
  assert.equal(it.current(), undefined);
  assert.deepEqual(asked, [1, 2]);
});

test("numbers come in steps of a two-hundredth, and none is said to be none", () => {
  const it = player([0, 1], { series: { verdict: Uint8Array.of(0, 100, 200, 255) }, clip: { groups: { verdict: ["a", "b"] } } });
  assert.deepEqual([it.share("verdict", 0, 0), it.share("verdict", 0, 1)], [0, 0.5]);
  assert.deepEqual([it.share("verdict", 1, 0), it.share("verdict", 1, 1)], [1, undefined]);
});

for (const reader of [undefined, (text) => Uint8Array.from(Buffer.from(text, "base64"))]) {
  test(`what the server packs arrives byte for byte${reader ? "" : ", in an older browser too"}`, () => {
    const own = Uint8Array.fromBase64;
    Uint8Array.fromBase64 = reader;
    try {
      assert.deepEqual([...bytes(Buffer.from([0, 255, 7]).toString("base64"))], [0, 255, 7]);
    } finally {
      Uint8Array.fromBase64 = own;
    }
  });
}

test("a picture is opened once, when it is wanted, and the page is drawn anew for the one on show alone", () => {
  const opened = [];
  globalThis.Image = class {
    constructor() {
      opened.push(this);
    }
  };
  const span = { first: 10, files: [Uint8Array.of(1), null, Uint8Array.of(2)], pictures: [] };
  let drawn = 0;
  const it = player([], { spans: new Map([[1, span]]), span: 1, index: 12, draw: () => (drawn += 1) });
  assert.equal(it.picture(span, 1), null);
  assert.equal(it.picture(span, 9), null);
  const [first, last] = [it.picture(span, 0), it.picture(span, 2)];
  assert.equal(it.picture(span, 2), last);
  assert.deepEqual(opened, [first, last]);
  first.onload();
  assert.equal(drawn, 0);
  last.onload();
  assert.equal(drawn, 1);
  it.spans.clear(); // the clip is another one by the time that it is here
  last.onload();
  assert.equal(drawn, 1);
});

test("keys step through the frames unless somebody types or chooses", () => {
  const steps = [];
  const box = { tagName: "DIV" };
  const clip = { rate_hz: 10 };
  const it = player([0], { box, clip, step: (by) => steps.push(by), find: () => ({ click: () => steps.push("play") }) });
  const press = (key, on, more = {}) => {
    const event = { key, composedPath: () => [on], preventDefault: () => {}, ...more };
    it.key(event);
  };
  press("ArrowRight", box);
  press("ArrowLeft", { tagName: "DIV" });
  press(" ", box);
  press(" ", { tagName: "BUTTON" });
  press("ArrowRight", { tagName: "INPUT" });
  press("ArrowRight", box, { ctrlKey: true });
  assert.deepEqual(steps, [1, -1, "play"]);
});
