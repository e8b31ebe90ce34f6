/** CSV in Python's dialect; the rows were checked against CPython's csv module. */
import assert from "node:assert/strict";
import { openCsv, parseCsv } from "../../../src/outcomes/importers/csv.ts";
import { memoryFiles } from "../../support/memory_files.ts";

/** Reads a text in pieces of so many bytes, so that every state meets a piece's end. */
async function rows(text: string, size = 1): Promise<string[][]> {
  const bytes = new TextEncoder().encode(text);
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
  };
  const all: string[][] = [];
  for await (const row of parseCsv(pieces(), "f.csv")) all.push(row);
  return all;
}

Deno.test("quotes, commas, line ends, blank lines, whatever the pieces", async () => {
  const text = 'a,"b ""q"", c",d\r\n\r\n"two\nlines\r\n",,é🙂\n"x"y,q"u"o,"" \n\n"",\n';
  const expected = [
    ["a", 'b "q", c', "d"],
    ["two\nlines\r\n", "", "é🙂"],
    ["xy", 'q"u"o', " "],
    ["", ""],
  ];
  for (const size of [1, 2, 3, 5, 1000]) assert.deepEqual(await rows(text, size), expected);
  assert.deepEqual(await rows("last,line"), [["last", "line"]]);
  assert.deepEqual(await rows("a\r"), [["a"]]);
  assert.deepEqual(await rows(""), []);
});

Deno.test("torn files are errors", async () => {
  await assert.rejects(rows('a,b\n1,"never closed\n2,3\n'), /f\.csv: row 2: .*closing quote/);
  await assert.rejects(rows("a\rb\n"), /expected LF after CR/);
  const open = (text: string | Uint8Array) => {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    return openCsv(memoryFiles(new Map([["f.csv", bytes]])), "f.csv");
  };
  const table = await open("a,b\n1,2\n3\n");
  assert.equal(table.column("b"), 1);
  assert.throws(() => table.column("c"), /f\.csv: expected a column "c", got a, b/);
  await assert.rejects(Array.fromAsync(table.rows), /row 3: expected 2 fields, got 1/);
  await assert.rejects(open(""), /empty file/);
  await assert.rejects(open(Uint8Array.of(97, 0xff, 10)), /expected UTF-8/);
});
