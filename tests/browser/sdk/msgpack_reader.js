/** @file Reads MessagePack, for the tests only: the SDK itself never has to. */

/**
 * @param {Uint8Array} bytes
 * @returns {unknown} the one value that the bytes are
 */
export function decode(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (count) => {
    if (at + count > bytes.length) throw new RangeError('truncated');
    at += count;
    return at - count;
  };
  const raw = (count) => bytes.slice(take(count), at);
  const text = (count) => new TextDecoder('utf-8', { fatal: true }).decode(raw(count));
  const list = (count) => Array.from({ length: Math.min(count, 1e6) }, () => value());
  const map = (count) => Object.fromEntries(list(2 * count).reduce(pairs, []));
  const pairs = (found, item, index) => {
    if (index % 2) found.at(-1).push(item);
    else if (typeof item === 'string') found.push([item]);
    else throw new TypeError('a key that is not text');
    return found;
  };
  const u8 = () => view.getUint8(take(1));
  const u16 = () => view.getUint16(take(2));
  const u32 = () => view.getUint32(take(4));
  const value = () => {
    const type = u8();
    if (type < 0x80) return type;
    if (type < 0x90) return map(type & 0x0f);
    if (type < 0xa0) return list(type & 0x0f);
    if (type < 0xc0) return text(type & 0x1f);
    if (type >= 0xe0) return type - 0x100;
    switch (type) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: return raw(u8());
      case 0xc5: return raw(u16());
      case 0xc6: return raw(u32());
      case 0xca: return view.getFloat32(take(4));
      case 0xcb: return view.getFloat64(take(8));
      case 0xcc: return u8();
      case 0xcd: return u16();
      case 0xce: return u32();
      case 0xcf: return Number(view.getBigUint64(take(8)));
      case 0xd9: return text(u8());
      case 0xda: return text(u16());
      default: throw new TypeError(`unexpected byte ${type.toString(16)}`);
    }
  };
  const result = value();
  if (at !== bytes.length) throw new RangeError('trailing bytes');
  return result;
}
