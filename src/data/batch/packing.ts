/**
 * Packs samples into rows of at most `capacity` tokens, in the order given: each goes into the row begun last, or
 * begins a new one. Keeps the order of a file.
 */
export function packInOrder(
  order: ArrayLike<number>,
  lengths: ArrayLike<number>,
  capacity: number,
): number[][] {
  const rows: number[][] = [];
  let left = 0;
  for (let i = 0; i < order.length; i++) {
    const sample = order[i] ?? 0;
    const length = lengths[sample] ?? 0;
    if (length > left || rows.length === 0) {
      rows.push([]);
      left = capacity;
    }
    rows.at(-1)?.push(sample);
    left -= length;
  }
  return rows;
}

/**
 * Best-fit decreasing: the longest sample first, each into the fullest row that still has room. Samples of one length
 * stay in the order given, so that another order gives other rows. At most some 22 % more rows than the least.
 */
export function packBestFit(
  order: ArrayLike<number>,
  lengths: ArrayLike<number>,
  capacity: number,
): number[][] {
  const byLength: number[][] = Array.from({ length: capacity + 1 }, () => []);
  for (let i = 0; i < order.length; i++) {
    const sample = order[i] ?? 0;
    byLength[Math.min(lengths[sample] ?? 0, capacity)]?.push(sample);
  }
  const rows: number[][] = [];
  /** Rows by the room they have left. */
  const byRoom: number[][][] = Array.from({ length: capacity + 1 }, () => []);
  for (let length = capacity; length >= 0; length--) {
    for (const sample of byLength[length] ?? []) {
      let room = length;
      while (room <= capacity && byRoom[room]?.length === 0) room++;
      let row = byRoom[room]?.pop();
      if (row === undefined) {
        row = [];
        rows.push(row);
        room = capacity;
      }
      row.push(sample);
      byRoom[room - length]?.push(row);
    }
  }
  return rows;
}
