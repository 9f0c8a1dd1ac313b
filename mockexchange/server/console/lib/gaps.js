// @ts-check
// What a reader of a stream sees of its numbers: frames that are missing before one, and frames that come again.

export class SequenceWatch {
  constructor() {
    /** The last `seq` by stream and subscription. @type {Map<string, number>} */
    this.last = new Map();
  }

  /**
   * Set `missing` of a row, in the order of arrival: how many numbers are left out before it, or -1 if it came before.
   * @param {any} row
   */
  note(row) {
    row.missing = 0;
    if (row.direction !== "out" || row.seq === null || row.sid === null) return row;
    const key = `${row.connection}/${row.sid}`;
    const before = this.last.get(key);
    if (before !== undefined) row.missing = row.seq > before ? row.seq - before - 1 : -1;
    if (before === undefined || row.seq > before) this.last.set(key, row.seq);
    return row;
  }
}

/** The words for a row's gap; empty without one. @param {any} row */
export function gapOf(row) {
  if (!row.missing) return "";
  if (row.missing < 0) return `seq ${row.seq} came before`;
  return row.missing === 1 ? `seq ${row.seq - 1} is missing` : `seq ${row.seq - row.missing} to ${row.seq - 1} are missing`;
}
