// Scrolls to a part of the page as soon as it is there; a tab that was opened just now may still be empty.
let done = null;

function look(id, left) {
  const part = document.getElementById(id);
  if (part && part.offsetParent) bring(part);
  else if (left) setTimeout(look, 100, id, left - 1);
}

function bring(part) {
  const { top, bottom } = part.getBoundingClientRect();
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const above = 64 + (document.querySelector(".st-key-tour")?.getBoundingClientRect().height ?? 0); // what stays on top
  part.style.scrollMarginTop = `${above + 12}px`;
  if (top < above || bottom > 0.6 * innerHeight) part.scrollIntoView({ behavior: calm ? "auto" : "smooth" });
}

export default function ({ data }) {
  if (data.wish === done) return; // drawn again, not asked for again
  done = data.wish;
  look(data.part, 50);
}
