// Hands the player the heatmaps of a stretch, which are ready later than its pictures.

export default function ({ data }) {
  const all = (window.studioHeat ??= new Map());
  for (const key of all.keys()) if (!key.startsWith(`${data.id} `)) all.delete(key);
  all.set(`${data.id} ${data.number}`, data);
  document.dispatchEvent(new CustomEvent("studio-heat"));
}
