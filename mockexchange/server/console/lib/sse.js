// @ts-check
// A parser of server-sent events (WHATWG HTML, section 9.2), fed with text as it arrives.

/** @typedef {{kind: string, data: any, id: string}} LiveEvent */

/**
 * @param {(event: LiveEvent) => void} emit
 * @returns {(text: string) => void}
 */
export function makeParser(emit) {
  let rest = "";
  let kind = "";
  let id = "";
  /** @type {string[]} */
  let data = [];
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (data.length) emit({ kind: kind || "message", data: JSON.parse(data.join("\n")), id });
        kind = "";
        data = [];
      } else if (line.startsWith("data: ")) data.push(line.slice(6));
      else if (line.startsWith("event: ")) kind = line.slice(7);
      else if (line.startsWith("id: ")) id = line.slice(4);
    }
  };
}
