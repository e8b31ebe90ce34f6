/** Writing, reading and refusing token tables. */
import assert from "node:assert/strict";
import { DataError } from "../../src/base/errors.ts";
import { pack } from "../../src/base/files.ts";
import { decodeTable, encodeTable, quantise } from "../../src/embed/token_table.ts";

const VECTORS = [0, 0, 0, 127, -63.5, 1, 0.5, 0.25, -0.001];
const table = quantise(["[UNK]", "é", "b"], 3, VECTORS, { licence: "none", rank: 1 });

Deno.test("each row is scaled by its own largest entry", () => {
  assert.deepEqual([...table.codes], [0, 0, 0, 127, -63, 1, 127, 64, 0]);
  assert.deepEqual([...table.scales], [0, 1, Math.fround(0.5 / 127)]);
});

Deno.test("a table read back is the table written", () => {
  const read = decodeTable(encodeTable(table), "x.gz");
  assert.match(read.sha256, /^[0-9a-f]{64}$/);
  assert.deepEqual({ ...read, sha256: "" }, { ...table, sha256: "" });
});

Deno.test("torn, cut and foreign files are refused by name", () => {
  const bytes = encodeTable(table);
  const refused = (file: Uint8Array, message: RegExp): void =>
    assert.throws(
      () => decodeTable(file, "some/x.gz"),
      (error: Error) =>
        error instanceof DataError && error.message.startsWith("some/x.gz: ") &&
        message.test(error.message),
    );
  refused(bytes.subarray(0, bytes.length - 5), /damaged gzip/);
  refused(pack(new TextEncoder().encode("{}\nabc")), /not a token table/);
  refused(pack(new TextEncoder().encode("no line end")), /not a token table/);
  const head = '{"format":"icl-router-bench/token-table/1","rows":2,"width":1,"text":3,"facts":{}}';
  refused(pack(new TextEncoder().encode(`${head}\na\nb0000`)), /expected \d+ bytes and 2 pieces/);
});
