// @ts-check
// Requests of the journal as an HTTP Archive (HAR 1.2), which other tools open.

/** @param {any[]} entries */
export function toHar(entries) {
  return { log: { version: "1.2", creator: { name: "mockexchange", version: "1" }, entries: entries.map(entryOf) } };
}

/** @param {any} entry */
function entryOf(entry) {
  const host = entry.headers.find((/** @type {string[]} */ one) => one[0] === "host")?.[1] ?? "localhost";
  const url = `http://${host}${entry.target}`;
  const took = entry.latency_us / 1_000;
  return {
    startedDateTime: new Date(entry.host_at_us / 1_000).toISOString(),
    time: took,
    request: {
      method: entry.method,
      url,
      httpVersion: "HTTP/1.1",
      cookies: [],
      headers: entry.headers.map(named),
      queryString: [...new URLSearchParams(entry.target.split("?")[1] ?? "")].map(named),
      headersSize: -1,
      bodySize: entry.body?.length ?? 0,
      ...(entry.body ? { postData: { mimeType: "application/json", text: entry.body } } : {}),
    },
    response: {
      status: entry.status,
      statusText: "",
      httpVersion: "HTTP/1.1",
      cookies: [],
      headers: [],
      content: { size: entry.answer?.length ?? 0, mimeType: "application/json", text: entry.answer ?? "" },
      redirectURL: "",
      headersSize: -1,
      bodySize: entry.answer?.length ?? 0,
    },
    cache: {},
    timings: { send: 0, wait: took, receive: 0 },
    comment: entry.diagnosis ?? "",
  };
}

/** @param {string[]} pair */
function named(pair) {
  return { name: pair[0], value: pair[1] };
}
