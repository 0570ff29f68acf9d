// Scrolls to a part of the page as soon as it is there; a tab that was opened just now may still be empty.
let done = null;

function look(id, left) {
  const part = document.getElementById(id);
  if (part && part.offsetParent) part.scrollIntoView({ behavior: "smooth" });
  else if (left) setTimeout(look, 100, id, left - 1);
}

export default function ({ data }) {
  if (data.wish === done) return; // drawn again, not asked for again
  done = data.wish;
  look(data.part, 50);
}
