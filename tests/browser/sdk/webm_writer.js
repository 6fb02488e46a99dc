/** @file Writes WebM as recorders do, with contents that say where they come from. */

const SIMPLE_BLOCK = [0xa3];

/** An element; `size` null: not known, as in a live stream. */
export function element(id, content, size = content.length) {
  const length = size === null
    ? [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
    : [0x10 | (size >> 24), (size >> 16) & 255, (size >> 8) & 255, size & 255];
  return [...id, ...length, ...content];
}

/** What stands before the first cluster; timestamps count milliseconds. */
export function header() {
  const scale = element([0x2a, 0xd7, 0xb1], [0x0f, 0x42, 0x40]);
  return [
    ...element([0x1a, 0x45, 0xdf, 0xa3], element([0x42, 0x82], [0x77, 0x65, 0x62, 0x6d])),
    ...element([0x18, 0x53, 0x80, 0x67], [], null),
    ...element([0x15, 0x49, 0xa9, 0x66], scale),
    ...element([0x16, 0x54, 0xae, 0x6b], Array(40).fill(0xa3)), // tracks; looks like blocks, is none
  ];
}

/** A cluster at `ms` with blocks of `[track, isKey]`, each of `bytes`. */
export function cluster(ms, blocks, { known = false, bytes = 30 } = {}) {
  let content = element([0xe7], [(ms >> 16) & 255, (ms >> 8) & 255, ms & 255]);
  for (const [track, isKey] of blocks) {
    const payload = Array(bytes).fill(0x1f); // the first byte of a cluster's ID
    content = content.concat(element(SIMPLE_BLOCK, [0x80 | track, 0, 0, isKey ? 0x80 : 0, ...payload]));
  }
  return element([0x1f, 0x43, 0xb6, 0x75], content, known ? content.length : null);
}
