// Holds the key of results that the visitor asked to keep, and warns before a page is left whose results are not kept.

export default function ({ data }) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  const put = (value, seconds) =>
    (document.cookie = `${data.cookie}=${value}; max-age=${seconds}; path=/; samesite=strict${secure}`);
  if (data.key) put(data.key, data.seconds);
  else if (data.forget) put("", 0);
  window.onbeforeunload = data.warn ? (event) => event.preventDefault() : null;
}
