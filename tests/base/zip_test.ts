/** The zip reader on an archive Python's zipfile wrote as a stream, and on damaged ones. */
import assert from "node:assert/strict";
import { openZip } from "../../src/base/zip.ts";
import { makeZip } from "../outcomes/importers/fixture.ts";

/** Deflated, stored and folder members with sizes after the data, and a closing comment. */
const PYTHON = Uint8Array.fromBase64(
  "UEsDBBQACAAIAAAAIQAAAAAAAAAAAAAAAAALAAAAYS9maXJzdC50eHTLSM3JyVfIQCcBUEsHCONRPY0KAAAAFwAAAFBLAwQU" +
    "AAgAAAAAACEAAAAAAAAAAAAAAAAACwAAAHN0b3JlZC5qc29ueyJ4IjogMX1QSwcIxN143wgAAAAIAAAAUEsDBBQACAAAAAAA" +
    "IQAAAAAAAAAAAAAAAAAEAAAAZGlyL1BLBwgAAAAAAAAAAAAAAABQSwECFAMUAAgACAAAACEA41E9jQoAAAAXAAAACwAAAAAA" +
    "AAAAAAAAgAEAAAAAYS9maXJzdC50eHRQSwECFAMUAAgAAAAAACEAxN143wgAAAAIAAAACwAAAAAAAAAAAAAAgAFDAAAAc3Rv" +
    "cmVkLmpzb25QSwECFAMUAAgAAAAAACEAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAgAGEAAAAZGlyL1BLBQYAAAAAAwADAKQA" +
    "AAC2AAAAFABhIGNvbW1lbnQgYXQgdGhlIGVuZA==",
);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

Deno.test("members in directory order, deflated and stored", () => {
  const members = openZip(PYTHON, "a.zip");
  assert.deepEqual(members.map(({ name }) => name), ["a/first.txt", "stored.json", "dir/"]);
  assert.equal(text(members[0].read()), "hello hello hello hello");
  assert.equal(text(members[1].read()), '{"x": 1}');
  assert.equal(members[2].read().length, 0);
});

Deno.test("a view into a larger buffer reads the same", () => {
  const larger = new Uint8Array(PYTHON.length + 9);
  larger.set(PYTHON, 7);
  const inside = larger.subarray(7, 7 + PYTHON.length);
  assert.equal(text(openZip(inside, "a.zip")[1].read()), '{"x": 1}');
});

Deno.test("damage is an error that names archive and member", () => {
  const changed = (at: number, value: number): Uint8Array => {
    const copy = PYTHON.slice();
    copy[at] = value;
    return copy;
  };
  const deflated = 30 + 11; // local header and name
  assert.throws(
    () => openZip(changed(deflated + 1, 0), "a.zip")[0].read(),
    /a\.zip: a\/first\.txt: dam/,
  );
  assert.throws(() => openZip(changed(0, 0), "a.zip")[0].read(), /a\.zip: expected a zip archive/);
  assert.throws(() => openZip(PYTHON.subarray(0, 300), "a.zip"), /a\.zip: expected a zip archive/);
  assert.throws(() => openZip(new Uint8Array(5), "a.zip"), /a\.zip: expected a zip archive/);
  const plain = makeZip([["x", new Uint8Array(3)]]);
  const directory = plain.length - 22 - 47;
  const flagged = (offset: number, value: number): Uint8Array => {
    const copy = plain.slice();
    copy[directory + offset] = value;
    return copy;
  };
  assert.equal(openZip(plain, "p.zip").length, 1);
  assert.throws(() => openZip(flagged(8, 1), "p.zip"), /p\.zip: x: encrypted/);
  assert.throws(() => openZip(flagged(10, 12), "p.zip"), /p\.zip: x: .*got method 12/);
});
