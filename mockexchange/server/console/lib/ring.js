// @ts-check
// A list of bounded size: the newest items, in the order of their arrival.

/** @template T */
export class Ring {
  /** @param {number} limit */
  constructor(limit) {
    this.limit = limit;
    /** @type {T[]} */
    this.items = [];
    this.start = 0;
  }

  /** @param {T} item */
  push(item) {
    this.items.push(item);
    if (this.items.length - this.start > this.limit) this.start += 1;
    if (this.start > this.limit) {
      this.items = this.items.slice(this.start);
      this.start = 0;
    }
  }

  get length() {
    return this.items.length - this.start;
  }

  /** @param {number} place */
  at(place) {
    return this.items[this.start + place];
  }

  /** @returns {T[]} */
  toArray() {
    return this.items.slice(this.start);
  }

  clear() {
    this.items = [];
    this.start = 0;
  }
}
