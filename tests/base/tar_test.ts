/** The tar reader on archives that Python's tarfile wrote, and on damaged ones. */
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { DataError } from "../../src/base/errors.ts";
import { readTar } from "../../src/base/tar.ts";
import { makeTar, pax } from "../support/tar.ts";

/** A folder, a short name, one beyond 100 bytes, an empty file: with pax headers, and as GNU writes it. */
const PAX =
  "H4sIAAAAAAACA+3XwQqCMBzH8Z17Cp9At7m5U9SxY68wcGRgKbZgvVu3XqzVIVCEJJkJ/j47zJuHP1/+LD82CQmMepkQ79vr3j3fmeSURJJM4H" +
  "qxuvG/JMuU+/nr2Dr71/nLzvyVUIpEFPMPrjBlWRFYqjiJk+1eu53RuWnC9d/T/af5lKt2/4xy5vt36D84zmRUa1us3QjJ4z6f81pmK4Q90Kix" +
  "b4b5vv9Fu/+UKsaw/6dQVucDKlguc6rtbXbvP0WZQP8AAAAAAAAAAAAAAAC/eAJd0jodACgAAA==";
const GNU =
  "H4sIAAAAAAACA+3XTQqCQBjG8TnKnMCxnI9tB/ASglKSaZiB3a1dF2toESRCYIwJ/n+zeGf/8MzL5GWrRGCxZ7V+TW84R+5W21hII2ZwvXRZK6" +
  "VYqdznn0Vd3/01fzPI3+nECRmTf3CHoqoagbWKVKR2aVPv07I+Buz/SO/fnU82dth/Z4yQKf0Prv+BetyXcwLvMPKfnv/3/a8/+6+3xg/2/wwq" +
  "//TTgvUqTufutrz/nzOa/gMAAAAAAAAAAEzxBFDiFUIAKAAA";

const inPieces = async function* (bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
};

async function membersOf(bytes: Uint8Array, length = 700): Promise<[string, string][]> {
  const members: [string, string][] = [];
  for await (const { name, data } of readTar(inPieces(bytes, length), "a.tar")) {
    const pieces = await Array.fromAsync(data);
    members.push([name, new TextDecoder().decode(Uint8Array.from(pieces.flatMap((p) => [...p])))]);
  }
  return members;
}

const fails = (bytes: Uint8Array, message: RegExp): Promise<void> =>
  assert.rejects(membersOf(bytes), (error) => {
    assert.ok(error instanceof DataError, String(error));
    assert.match(error.message, message);
    return true;
  });

Deno.test("files of pax and GNU archives, with long names, in pieces of any length", async () => {
  const expected = [["dir/a.txt", "hello"], [`${"x".repeat(60)}/${"ü".repeat(70)}.txt`, "long"], [
    "empty",
    "",
  ]];
  for (const archive of [PAX, GNU]) {
    const bytes = gunzipSync(Uint8Array.fromBase64(archive));
    for (const length of [1, 511, 512, 1 << 20]) {
      assert.deepEqual(await membersOf(bytes, length), expected);
    }
  }
});

Deno.test("members that are not read are passed over; a prefix belongs to the name", async () => {
  const bytes = makeTar([{ name: "a", data: "x".repeat(1500) }, { name: "b", prefix: "p/q" }]);
  const names = await Array.fromAsync(readTar(inPieces(bytes, 600), "a.tar"), ({ name }) => name);
  assert.deepEqual(names, ["a", "p/q/b"]);
});

Deno.test("pax sizes count; other pax records do not", async () => {
  const body = pax({ path: "ü/long", size: "3", mtime: "1.5" });
  const bytes = makeTar([{ name: "h", type: "x", data: body }, {
    name: "n",
    data: "abc",
    size: 0,
  }]);
  assert.deepEqual(await membersOf(bytes), [["ü/long", "abc"]]);
});

Deno.test("links, devices, torn and damaged archives are errors", async () => {
  await fails(makeTar([{ name: "l", type: "2", link: "/etc" }]), /a\.tar: l: .*one a link/);
  await fails(makeTar([{ name: "l", type: "1", link: "x" }]), /one a link/);
  await fails(makeTar([{ name: "d", type: "3" }]), /one of type "3"/);
  await fails(makeTar([{ name: "a", data: "x" }], { open: true }), /torn/);
  await fails(makeTar([{ name: "a", data: "x", size: 4000 }]), /torn/);
  await fails(makeTar([{ name: "h", type: "x", data: "99 path=a\n" }]), /damaged pax header/);
  await fails(makeTar([{ name: "h", type: "L", size: 1 << 21 }]), /a header of 2097152 bytes/);
  const bytes = makeTar([{ name: "a", data: "x" }]);
  bytes[0] = 98;
  await fails(bytes, /expected a tar header/);
  await fails(new TextEncoder().encode("<html>".repeat(200)), /expected a tar header/);
});
