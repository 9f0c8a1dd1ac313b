// @ts-check
// Differences of two JSON values, as rows of (path, left, right).

/** @typedef {{path: string, left: string | undefined, right: string | undefined}} DiffRow */

export const ROWS_MAX = 500;

/**
 * @param {unknown} left
 * @param {unknown} right
 * @returns {DiffRow[]}
 */
export function diffJson(left, right) {
  /** @type {DiffRow[]} */
  const rows = [];
  walk(left, right, "$", rows);
  return rows;
}

/** @param {any} left @param {any} right @param {string} path @param {DiffRow[]} rows */
function walk(left, right, path, rows) {
  if (rows.length >= ROWS_MAX) return;
  if (isObject(left) && isObject(right)) {
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      walk(left[key], right[key], Array.isArray(left) ? `${path}[${key}]` : `${path}.${key}`, rows);
    }
  } else if (JSON.stringify(left) !== JSON.stringify(right)) {
    rows.push({ path, left: textOf(left), right: textOf(right) });
  }
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isObject(value) {
  return typeof value === "object" && value !== null;
}

/** @param {unknown} value */
function textOf(value) {
  return value === undefined ? undefined : JSON.stringify(value);
}
