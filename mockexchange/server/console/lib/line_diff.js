// @ts-check
// The difference of two texts by lines, as few changed lines as possible (longest common subsequence).

/** @typedef {{kind: "same" | "less" | "more" | "gap", text: string, left: number, right: number}} LineRow */

export const CELLS_MAX = 4_000_000;
const AROUND = 3;

/**
 * The lines that differ, with some around them; null if the texts are too long to compare.
 * @param {string} left
 * @param {string} right
 * @returns {LineRow[] | null}
 */
export function diffLines(left, right) {
  const a = left.split("\n");
  const b = right.split("\n");
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const middleA = a.slice(head, a.length - tail);
  const middleB = b.slice(head, b.length - tail);
  if (middleA.length * middleB.length > CELLS_MAX) return null;
  /** @type {LineRow[]} */
  const rows = a.slice(0, head).map((text, at) => ({ kind: "same", text, left: at + 1, right: at + 1 }));
  rows.push(...changed(middleA, middleB, head));
  for (let at = tail; at > 0; at -= 1) rows.push({ kind: "same", text: a[a.length - at], left: a.length - at + 1, right: b.length - at + 1 });
  return folded(rows);
}

/** @param {string[]} a @param {string[]} b @param {number} offset @returns {LineRow[]} */
function changed(a, b, offset) {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = a[i] === b[j] ? lengths[(i + 1) * width + j + 1] + 1 : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
    }
  }
  /** @type {LineRow[]} */
  const rows = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const place = { left: offset + i + 1, right: offset + j + 1 };
    if (i < a.length && j < b.length && a[i] === b[j]) {
      rows.push({ kind: "same", text: a[i], ...place });
      i += 1;
      j += 1;
    } else if (i < a.length && (j >= b.length || lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) {
      rows.push({ kind: "less", text: a[i], ...place });
      i += 1;
    } else {
      rows.push({ kind: "more", text: b[j], ...place });
      j += 1;
    }
  }
  return rows;
}

/** Leave out the lines that are far from a change. @param {LineRow[]} rows @returns {LineRow[]} */
function folded(rows) {
  const isNear = new Array(rows.length).fill(false);
  rows.forEach((row, at) => {
    if (row.kind !== "same") isNear.fill(true, Math.max(0, at - AROUND), at + AROUND + 1);
  });
  /** @type {LineRow[]} */
  const shown = [];
  rows.forEach((row, at) => {
    if (isNear[at]) shown.push(row);
    else if (shown.length && shown[shown.length - 1].kind !== "gap") shown.push({ kind: "gap", text: "", left: 0, right: 0 });
  });
  return shown;
}
