// Streamlit disables tabs for a moment while the page is made anew, and a disabled tab loses the focus to nobody: keys
// would then do nothing. It gets the focus back, unless the visitor went on to something else.
const LOOK_MS = 30;
const PATIENCE_MS = 60_000;
let isWatching = false;

function giveBack(tab, until) {
  if (document.activeElement !== document.body || !tab.isConnected || performance.now() > until) return;
  if (tab.getAttribute("aria-disabled") === "true") setTimeout(giveBack, LOOK_MS, tab, until);
  else tab.focus({ preventScroll: true });
}

function lost({ target, relatedTarget }) {
  if (relatedTarget || !target.matches("[role=tab]")) return;
  setTimeout(() => {
    // once it is told whether the tab was disabled, or the visitor clicked beside it
    if (target.getAttribute("aria-disabled") === "true") giveBack(target, performance.now() + PATIENCE_MS);
  });
}

export default function () {
  if (isWatching) return;
  isWatching = true;
  document.addEventListener("focusout", lost);
}
