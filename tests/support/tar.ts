/** Tar archives written by hand, right or wrong on purpose. */

/** A member; `type` as the header has it. */
export interface TarEntry {
  name: string;
  data?: string | Uint8Array;
  type?: string;
  link?: string;
  /** What the header claims, where not the data's length. */
  size?: number;
  prefix?: string;
}

const encoder = new TextEncoder();

function header({ name, type = "0", link = "", prefix = "" }: TarEntry, size: number): Uint8Array {
  const block = new Uint8Array(512);
  const put = (at: number, text: string): void => block.set(encoder.encode(text), at);
  put(0, name.slice(0, 100));
  put(100, "0000644\0" + "0000000\0".repeat(2));
  put(124, size.toString(8).padStart(11, "0") + "\0");
  put(136, "00000000000\0");
  put(148, " ".repeat(8));
  put(156, type);
  put(157, link);
  put(257, "ustar\x0000");
  put(345, prefix);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, sum.toString(8).padStart(6, "0") + "\0 ");
  return block;
}

/** An archive of members, closed by two empty blocks unless `open`. */
export function makeTar(entries: TarEntry[], { open = false } = {}): Uint8Array {
  const blocks = entries.flatMap((entry) => {
    const data = typeof entry.data === "string"
      ? encoder.encode(entry.data)
      : entry.data ?? new Uint8Array();
    const padding = new Uint8Array((512 - data.length % 512) % 512);
    return [header(entry, entry.size ?? data.length), data, padding];
  });
  if (!open) blocks.push(new Uint8Array(1024));
  const bytes = new Uint8Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    bytes.set(block, at);
    at += block.length;
  }
  return bytes;
}

/** A pax header's body. */
export function pax(records: Record<string, string>): string {
  return Object.entries(records).map(([key, value]) => {
    const rest = encoder.encode(` ${key}=${value}\n`).length;
    let length = rest + 1;
    while (length !== rest + String(length).length) length = rest + String(length).length;
    return `${length} ${key}=${value}\n`;
  }).join("");
}
