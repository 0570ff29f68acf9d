// The small components of ui/browser without a browser: what they tell the server, and that they leave nothing behind.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, test } from "node:test";
import vm from "node:vm";

const BROWSER = new URL("../../ui/browser/", import.meta.url);
const load = async (name) => (await import(new URL(name, BROWSER))).default;

/** A document that remembers who listens. */
function fakeDocument() {
  const heard = new Map();
  return {
    parts: {},
    heard,
    getElementById(id) { return this.parts[id] ?? null; },
    querySelector: () => null,
    addEventListener(kind, listener) { heard.set(kind, listener); },
    removeEventListener(kind, listener) { if (heard.get(kind) === listener) heard.delete(kind); },
    dispatchEvent(event) { heard.get(event.type)?.(event); },
  };
}

beforeEach(() => {
  globalThis.document = fakeDocument();
  globalThis.window = {};
  globalThis.innerHeight = 1000;
  globalThis.matchMedia = () => ({ matches: false });
});
afterEach(() => {
  for (const name of ["document", "window", "innerHeight", "matchMedia"]) delete globalThis[name];
});

/** A part of the page between two heights of a window of 1000; it tells how it was scrolled to. */
function part(looks, top, bottom, shown = true) {
  return {
    offsetParent: shown ? {} : null,
    style: {},
    getBoundingClientRect: () => ({ top, bottom }),
    scrollIntoView: ({ behavior }) => looks.push(behavior),
  };
}

test("scroll: a part is looked for until it is there, once for each wish", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const scroll = await load("scroll.js");
  const looks = [];
  scroll({ data: { wish: "a", part: "verdict" } });
  document.parts.verdict = part(looks, 2000, 2100, false);
  t.mock.timers.tick(100);
  document.parts.verdict = part(looks, 2000, 2100);
  t.mock.timers.tick(100);
  t.mock.timers.tick(1000);
  scroll({ data: { wish: "a", part: "verdict" } });
  assert.deepEqual(looks, ["smooth"]);
  scroll({ data: { wish: "b", part: "verdict" } });
  assert.deepEqual(looks, ["smooth", "smooth"]);
});

test("scroll: what is in view stays, and nobody is moved smoothly who asked for calm", async () => {
  const scroll = await load("scroll.js");
  const looks = [];
  document.parts.here = part(looks, 100, 300);
  scroll({ data: { wish: "d", part: "here" } });
  assert.deepEqual(looks, []);
  globalThis.matchMedia = (query) => ({ matches: query.includes("reduced-motion") });
  document.parts.there = part(looks, -500, -400);
  scroll({ data: { wish: "e", part: "there" } });
  assert.deepEqual(looks, ["auto"]);
});

test("scroll: a part comes to lie below the tour, which stays on top", async () => {
  const scroll = await load("scroll.js");
  const looks = [];
  document.querySelector = (what) => what === ".st-key-tour" && { getBoundingClientRect: () => ({ height: 136 }) };
  document.parts.under = part(looks, 150, 300);
  scroll({ data: { wish: "f", part: "under" } });
  assert.equal(looks.length, 1);
  assert.equal(document.parts.under.style.scrollMarginTop, "212px");
});

test("scroll: a part that never comes is given up", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const scroll = await load("scroll.js");
  let asked = 0;
  document.getElementById = () => void asked++;
  scroll({ data: { wish: "c", part: "gone" } });
  for (let step = 0; step < 100; step++) t.mock.timers.tick(100);
  assert.equal(asked, 51);
});

test("heat: stretches of another clip are dropped, and the player hears of new ones", async () => {
  const heat = await load("heat.js");
  let heard = 0;
  document.addEventListener("studio-heat", () => heard++);
  heat({ data: { id: "one", number: 0 } });
  heat({ data: { id: "one", number: 1 } });
  assert.deepEqual([...window.studioHeat.keys()], ["one 0", "one 1"]);
  heat({ data: { id: "two", number: 0 } });
  assert.deepEqual([...window.studioHeat.keys()], ["two 0"]);
  assert.equal(heard, 3);
});

function charts(told) {
  const plot = { getBoundingClientRect: () => ({ left: 100, top: 0, width: 200, height: 50 }) };
  const chart = { querySelector: () => plot };
  const on = { closest: (wanted) => (wanted === ".st-key-a, .st-key-b" ? chart : null) };
  const data = { keys: ["a", "b"], start_s: 2, end_s: 12 };
  return { on, component: { data, setTriggerValue: (name, time) => told.push([name, time]) } };
}

test("chart clicks: a still click tells its second, anything else tells nothing", async () => {
  const told = [];
  const { on, component } = charts(told);
  const leave = (await load("chart_clicks.js"))(component);
  const press = (down, up = down) => {
    document.heard.get("pointerdown")({ target: on, clientX: down, clientY: 25 });
    document.heard.get("pointerup")({ clientX: up, clientY: 25 });
  };
  press(200);
  assert.deepEqual(told, [["position", 7]]);
  press(200, 240); // a drag
  press(50); // beside the plot
  document.heard.get("pointerdown")({ target: { closest: () => null }, clientX: 200, clientY: 25 });
  document.heard.get("pointerup")({ clientX: 200, clientY: 25 });
  document.heard.get("pointerup")({ clientX: 200, clientY: 25 });
  assert.equal(told.length, 1);
  leave();
  assert.equal(document.heard.size, 0);
});

/** What camera.js defines, in a browser of one's own making. */
function camera(browser) {
  const context = vm.createContext({ ...browser });
  const code = readFileSync(new URL("camera.js", BROWSER), "utf8");
  return vm.runInContext(`${code}; ({ problemOf, problem, openCamera, closeCamera, listCameras })`, context);
}

test("camera: every error becomes one of the codes that the server has words for", () => {
  const { problemOf, problem } = camera({});
  assert.equal(problemOf({ name: "NotAllowedError" }), "denied");
  assert.equal(problemOf({ name: "OverconstrainedError" }), "missing");
  assert.equal(problemOf({ name: "NotReadableError" }), "busy");
  assert.equal(problemOf(problem("lost")), "lost");
  assert.equal(problemOf({ name: "SomethingNew" }), "failed");
  assert.equal(problemOf(undefined), "failed");
});

test("camera: it is not asked for where a browser would refuse", async () => {
  const asked = [];
  const mediaDevices = { getUserMedia: async (wish) => asked.push(wish) };
  const open = (secure, navigator) => camera({ window: { isSecureContext: secure }, navigator }).openCamera;
  await assert.rejects(open(false, { mediaDevices })(), { message: "insecure" });
  await assert.rejects(open(true, {})(), { message: "unsupported" });
  await open(true, { mediaDevices })("second");
  await open(true, { mediaDevices })("");
  assert.equal(asked.length, 2);
  assert.deepEqual({ ...asked[0].video.deviceId }, { exact: "second" });
  assert.equal(asked[1].video.facingMode, "user");
  assert.equal(asked[1].audio, false);
});

test("camera: one camera is no choice, and the one in use stays chosen", async () => {
  class Option { constructor(text, value) { Object.assign(this, { text, value }); } }
  const found = (devices) => ({ navigator: { mediaDevices: { enumerateDevices: async () => devices } }, Option });
  const select = () => ({ replaceChildren(...items) { this.items = items; }, value: "", hidden: undefined });
  const one = { kind: "videoinput", deviceId: "a", label: "" }, two = { kind: "videoinput", deviceId: "b", label: "Front" };
  const silent = { kind: "audioinput", deviceId: "c" }, unnamed = { kind: "videoinput", deviceId: "" };
  const alone = select(), choice = select();
  await camera(found([one, silent, unnamed])).listCameras(alone, "a");
  assert.equal(alone.hidden, true);
  await camera(found([one, two])).listCameras(choice, "b");
  assert.deepEqual(choice.items.map((item) => item.text), ["Camera 1", "Front"]);
  assert.deepEqual([choice.hidden, choice.value], [false, "b"]);
});

/** A tab of a page whose focus is with `on`; it tells when it was given the focus. */
function tab(told, state) {
  const self = {
    isConnected: true,
    disabled: "true",
    matches: (wanted) => wanted === "[role=tab]",
    getAttribute: (name) => (name === "aria-disabled" ? self.disabled : null),
    focus: ({ preventScroll }) => told.push(preventScroll),
    ...state,
  };
  return self;
}

test("focus: a tab that is disabled for a moment gets it back once, and only where nobody else has it", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const focus = await load("focus.js");
  document.body = document.activeElement = {};
  focus();
  const lose = (target, relatedTarget = null) => document.heard.get("focusout")({ target, relatedTarget });
  const told = [];
  const back = tab(told);
  lose(back);
  t.mock.timers.tick(200);
  assert.deepEqual(told, []);
  back.disabled = null;
  t.mock.timers.tick(1000);
  assert.deepEqual(told, [true]);
  const ways = {
    "went on to something else": [tab(told), {}],
    "clicked beside it": [tab(told, { disabled: null })],
    "something that is no tab": [tab(told, { matches: () => false })],
    "a tab that is gone": [tab(told, { isConnected: false })],
  };
  for (const [way, [left, next]] of Object.entries(ways)) {
    lose(left, next);
    t.mock.timers.tick(100);
    left.disabled = null;
    t.mock.timers.tick(1000);
    assert.deepEqual(told, [true], way);
  }
  const later = tab(told);
  lose(later);
  t.mock.timers.tick(0);
  document.activeElement = {};
  later.disabled = null;
  t.mock.timers.tick(1000);
  assert.deepEqual(told, [true]);
});
