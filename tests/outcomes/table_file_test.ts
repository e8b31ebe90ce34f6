/** Tables as files. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { DataError } from "../../src/base/errors.ts";
import { encodeRecords } from "../../src/outcomes/importers/index.ts";
import { readAllRecords } from "../../src/outcomes/read.ts";
import { withFolder } from "./small.ts";

const CSV = 'query,benchmark,a,b\nx?,m,1,0\n"two,\nlines?",m,0,0.5\n';

const list = [
  { id: "000001", benchmark: "m", query: "x?", scores: { a: 1, b: 0 } },
  { id: "000002", benchmark: "m", query: "two,\nlines?", scores: { a: 0, b: 0.5 } },
];

async function refusal(name: string, content: string | Uint8Array): Promise<string> {
  return await withFolder({ [name]: content }, async (folder) => {
    try {
      await readAllRecords(join(folder, name));
    } catch (error) {
      assert.ok(error instanceof DataError, String(error));
      return error.message.replaceAll(`${folder}/`, "");
    }
    assert.fail("accepted");
  });
}

Deno.test("commas, semicolons, tabs, gzip, parquet, a byte-order mark: the same records and hash", async () => {
  const files = {
    "a.csv": CSV,
    "b.csv": "\ufeff" + CSV.replaceAll("\n", "\r\n").replace("two,\r\n", "two,\n"),
    "c.csv": 'query;benchmark;a;b\nx?;m;1;0\n"two,\nlines?";m;0;0.5\n',
    "d.tsv": 'query\tbenchmark\ta\tb\nx?\tm\t1\t0\n"two,\nlines?"\tm\t0\t0.5\n',
    "e.csv.gz": gzipSync(CSV),
    "f.parquet": new Uint8Array(parquetWriteBuffer({
      columnData: [
        { name: "query", data: list.map(({ query }) => query), type: "STRING" },
        { name: "benchmark", data: ["m", "m"], type: "STRING" },
        { name: "a", data: [1n, 0n], type: "INT64" },
        { name: "b", data: [0, 0.5], type: "DOUBLE" },
      ],
    })),
    "g.jsonl": encodeRecords(list),
  };
  await withFolder(files, async (folder) => {
    const read = await Promise.all(
      Object.keys(files).map((name) => readAllRecords(join(folder, name))),
    );
    for (const one of read) {
      assert.deepEqual(one.list, list);
      assert.equal(one.sha256, read[0].sha256);
    }
    assert.match(read[0].how!, /a\.csv: query = query, id = row number, benchmark = benchmark; sc/);
    assert.equal(read.at(-1)!.how, undefined);
  });
});

Deno.test("messages name the line a row begins on, past line ends inside quotes and blank lines", async () => {
  assert.equal(
    await refusal("a.csv", CSV + "\nz?,m,1,2,3\n"),
    "a.csv:6: expected 4 fields, as the header has, got 5",
  );
  const told = 'id,query,a,b\nq,"x\n\n?",1,0\n\nr,y?,1,0\nq,z?,0,1\n';
  assert.match(
    await refusal("a.csv", told),
    /^a\.csv:7: column "id": expected an id of its own \(line 2 has the same\), got "q"$/,
  );
});

Deno.test("a doubt is one line with the command that ends it", async () => {
  const message = await refusal("a.csv", "text,a,b\nhow?,1,0\n");
  assert.match(
    message,
    /^a\.csv: no column of text is called query, prompt, question, input; say which columns are what: deno task data import table \S*a\.csv --query text --scores a,b --out a\.jsonl$/,
  );
});

Deno.test("empty and torn files", async () => {
  assert.match(await refusal("a.csv", ""), /expected a header row, got an empty file/);
  assert.match(await refusal("a.csv", "query,a,b\n"), /expected rows below the header/);
  assert.match(await refusal("a.csv", 'query,a,b\n"x,1,0\n'), /expected a closing quote/);
  assert.match(await refusal("a.csv.gz", "no gzip"), /damaged gzip data/);
});
