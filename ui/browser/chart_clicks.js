// A click anywhere on one of the charts over time tells at which second it was.

const STILL_PX = 6;

export default function ({ data, setTriggerValue }) {
  let down = null;
  const where = (event) => {
    const chart = event.target.closest?.(data.keys.map((key) => `.st-key-${key}`).join(", "));
    const plot = chart?.querySelector(".nsewdrag")?.getBoundingClientRect();
    if (!plot) return null;
    const share = (event.clientX - plot.left) / plot.width, height = (event.clientY - plot.top) / plot.height;
    const time = data.start_s + share * (data.end_s - data.start_s);
    return share >= 0 && share <= 1 && height >= 0 && height <= 1 ? time : null;
  };
  const onDown = (event) => (down = { x: event.clientX, y: event.clientY, time: where(event) });
  const onUp = (event) => { // somewhere else in the page: the chart lays a cover over it meanwhile
    const still = down && Math.hypot(event.clientX - down.x, event.clientY - down.y) < STILL_PX;
    if (still && down.time !== null) setTriggerValue("position", down.time);
    down = null;
  };
  document.addEventListener("pointerdown", onDown, true); // before the chart, which keeps clicks to itself
  document.addEventListener("pointerup", onUp, true);
  return () => {
    document.removeEventListener("pointerdown", onDown, true);
    document.removeEventListener("pointerup", onUp, true);
  };
}
