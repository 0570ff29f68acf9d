// Says a sentence to whoever hears the page instead of seeing it: one region that stays while the page changes.
let last = null;

export default function ({ data }) {
  if (data.wish === last) return; // drawn again, not said again
  last = data.wish;
  let region = document.getElementById("studio-announcer");
  if (!region) {
    region = Object.assign(document.createElement("div"), { id: "studio-announcer", className: "es-quiet" });
    region.setAttribute("role", "status");
    document.body.append(region);
  }
  region.textContent = "";
  setTimeout(() => (region.textContent = data.text), 100); // what changes in a region that is there is said
}
