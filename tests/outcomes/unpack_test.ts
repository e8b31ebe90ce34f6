/** Unpacking archives: what comes out, and which archives are refused. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { DataError } from "../../src/base/errors.ts";
import { exists } from "../../src/base/files.ts";
import { isUnpacked, unpackArchive, unpackedFolder } from "../../src/outcomes/unpack.ts";
import { makeTar, type TarEntry } from "../support/tar.ts";
import { makeZip } from "./importers/fixture.ts";

type Kind = "zip" | "tar.gz";
const encoder = new TextEncoder();

/** An archive of both kinds. */
const packed: Record<Kind, (members: Record<string, string>) => Uint8Array> = {
  zip: (members) =>
    makeZip(Object.entries(members).map(([name, data]) => [name, encoder.encode(data)])),
  "tar.gz": (members) =>
    gzipSync(makeTar(Object.entries(members).map(([name, data]) => ({ name, data })))),
};

async function withArchive(
  kind: Kind,
  bytes: Uint8Array,
  run: (path: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir(), path = join(folder, `deep/set.${kind}`);
  try {
    await Deno.mkdir(dirname(path));
    await Deno.writeFile(path, bytes);
    await run(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const refuses = (kind: Kind, bytes: Uint8Array, message: RegExp): Promise<void> =>
  withArchive(kind, bytes, async (path) => {
    await assert.rejects(unpackArchive(path, kind), (error) => {
      assert.ok(error instanceof DataError, String(error));
      assert.match(error.message, message);
      return true;
    });
    const left = await Array.fromAsync(Deno.readDir(dirname(path)), ({ name }) => name);
    assert.deepEqual(left, [`set.${kind}`], "nothing is left of it");
    assert.equal(await exists(join(path, "../../evil")), false);
  });

for (const kind of ["zip", "tar.gz"] as const) {
  Deno.test(`${kind}: members lie in a folder of the archive's name`, () => {
    const long = "0123456789".repeat(40_000);
    const bytes = packed[kind]({ "a.json": "[1]", "deep/er/b.json": long, "./c": "" });
    return withArchive(kind, bytes, async (path) => {
      assert.equal(await isUnpacked(path), false);
      let written = 0;
      await unpackArchive(path, kind, (bytes) => written = bytes);
      const folder = unpackedFolder(path);
      assert.equal(await Deno.readTextFile(join(folder, "a.json")), "[1]");
      assert.equal(await Deno.readTextFile(join(folder, "deep/er/b.json")), long);
      assert.equal(await Deno.readTextFile(join(folder, "c")), "");
      assert.equal(written, long.length + 3);
      assert.equal(await isUnpacked(path), true);
    });
  });

  Deno.test(`${kind}: unpacked once; again when a member is lost or the archive is another`, () =>
    withArchive(kind, packed[kind]({ a: "one", b: "two" }), async (path) => {
      const a = join(unpackedFolder(path), "a");
      let reports = 0;
      const unpack = () => unpackArchive(path, kind, () => void reports++);
      await unpack();
      await unpack();
      assert.equal(reports, 2);
      await Deno.remove(a);
      await unpack();
      assert.deepEqual([reports, await Deno.readTextFile(a)], [4, "one"]);
      await Deno.writeFile(path, packed[kind]({ a: "six", c: "two" }));
      await unpack();
      assert.equal(await Deno.readTextFile(a), "six");
      assert.equal(await exists(join(unpackedFolder(path), "b")), false);
    }));

  Deno.test(`${kind}: a member outside the folder is refused`, async () => {
    for (const name of ["../../evil", "/evil", "a/../../../evil", "..\\evil", "C:\\evil"]) {
      await refuses(
        kind,
        packed[kind]({ good: "x", [name]: "x" }),
        /not inside the folder; refused/,
      );
    }
  });

  Deno.test(`${kind}: more than a hundred times its size is refused, less is not`, async () => {
    const zeros = "0".repeat(3_000_000);
    const bomb = packed[kind]({ a: "x", b: zeros });
    assert.ok(bomb.length < 30_000);
    await refuses(kind, bomb, /unpacks to more than 100 times its \d+ bytes; refused/);
    await withArchive(kind, packed[kind]({ a: "x", b: zeros.slice(0, 900_000) }), async (path) => {
      await unpackArchive(path, kind);
    });
  });

  Deno.test(`${kind}: damage and torn ends are errors`, async () => {
    const bytes = packed[kind]({ a: "x".repeat(999), b: "some text of a member ".repeat(99) });
    await refuses(kind, bytes.slice(0, bytes.length >> 1), /set\.(zip|tar\.gz)/);
    await refuses(kind, encoder.encode("<html>not here</html>"), /set\.(zip|tar\.gz)/);
    const changed = bytes.slice();
    changed[changed.length >> 1] ^= 255;
    await refuses(kind, changed, /set\.(zip|tar\.gz)/);
  });
}

Deno.test("tar.gz: links are refused, and what stands behind the end is counted", async () => {
  const tar = (...entries: TarEntry[]) => gzipSync(makeTar(entries));
  await refuses("tar.gz", tar({ name: "l", type: "2", link: "../.." }), /one a link/);
  await refuses(
    "tar.gz",
    tar({ name: "a", data: "x" }, { name: "a", data: "y" }),
    /cannot be written/,
  );
  const behind = new Uint8Array(3_000_000);
  behind.set(makeTar([{ name: "a", data: "x" }]));
  await refuses("tar.gz", gzipSync(behind), /more than 100 times/);
});

Deno.test("zip: members that share their bytes are counted one by one", async () => {
  // Every entry of the directory points to the same local header: a bomb that no layer unpacks twice.
  const one = packed.zip({ x: "-", a: "0".repeat(400_000) });
  const view = new DataView(one.buffer), end = one.length - 22;
  const directory = view.getUint32(end + 16, true), size = view.getUint32(end + 12, true);
  const entries = one.slice(directory, directory + size), copies = 20;
  const bytes = new Uint8Array(directory + copies * size + 22);
  bytes.set(one.subarray(0, directory));
  for (let i = 0; i < copies; i++) {
    const copy = entries.slice();
    copy.set([97 + i], 46); // names of their own: the first entry's, then the second's
    copy.set([65 + i], 46 + 1 + 46);
    bytes.set(copy, directory + i * size);
  }
  bytes.set(one.subarray(end), bytes.length - 22);
  const tail = new DataView(bytes.buffer, bytes.length - 22);
  tail.setUint16(8, 2 * copies, true);
  tail.setUint16(10, 2 * copies, true);
  tail.setUint32(12, copies * size, true);
  await refuses("zip", bytes, /more than 100 times/);
});
