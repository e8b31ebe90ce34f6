/** Vectors computed elsewhere: files as numpy and parquet writers leave them, and what is refused. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { DataError, UsageError } from "../../src/base/errors.ts";
import { embedQueries, openProvider } from "../../src/embed/mod.ts";
import { npy } from "../support/npy.ts";

async function inFolder<T>(
  files: Record<string, string | Uint8Array>,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      await Deno.writeFile(join(folder, name), Buffer.from(content as string));
    }
    return await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Vectors of queries, or the message of the refusal. */
async function vectors(
  files: Record<string, string | Uint8Array>,
  ids: readonly string[],
  name = "v.npy",
): Promise<number[] | string> {
  return await inFolder(files, async (folder) => {
    try {
      const provider = await openProvider(`file:${join(folder, name)}`);
      const texts = ids.map((id) => `text of ${id}`);
      return [...(await embedQueries(provider, { ids, texts }, folder)).data];
    } catch (error) {
      assert.ok(error instanceof DataError || error instanceof UsageError, String(error));
      return error.message.replaceAll(`${folder}/`, "");
    }
  });
}

const VALUES = [1, 2, 3, 4, 5, 6];
const IDS = "a\nb\nc\n";

Deno.test("rows are found by id, whatever the order, in float32 and float64", async () => {
  for (const descr of ["<f4", "<f8"]) {
    const files = { "v.npy": npy(VALUES, { descr }), "v.ids.txt": IDS };
    assert.deepEqual(await vectors(files, ["c", "a"]), [5, 6, 1, 2]);
  }
  const crlf = { "v.npy": npy(VALUES), "v.ids.txt": "a\r\nb\r\nc" };
  assert.deepEqual(await vectors(crlf, ["b"]), [3, 4]);
});

Deno.test("parquet: a list column, or a column a coordinate; whole numbers serve as ids", async () => {
  const write = (columnData: Parameters<typeof parquetWriteBuffer>[0]["columnData"]) =>
    new Uint8Array(parquetWriteBuffer({ columnData }));
  const ids = { name: "id", data: [7n, 8n], type: "INT64" as const };
  const flat = write([
    ids,
    { name: "v1", data: [2, 4], type: "DOUBLE" },
    { name: "v0", data: [1, 3], type: "DOUBLE" },
  ]);
  assert.deepEqual(await vectors({ "v.parquet": flat }, ["8", "7"], "v.parquet"), [3, 4, 1, 2]);
  const nested = write([ids, { name: "vector", data: [[1, 2], [3, 4]], type: "JSON" }]);
  assert.deepEqual(await vectors({ "v.parquet": nested }, ["8"], "v.parquet"), [3, 4]);
  const cases: [RegExp, Uint8Array][] = [
    [
      /row 1 \(id "7"\): expected float numbers, got 1 \(a whole number\)/,
      write([ids, {
        name: "v0",
        data: [1n, 2n],
        type: "INT64",
      }]),
    ],
    [
      /row 2 \(id "8"\): expected 2 numbers, as in the first row, got 1/,
      write([ids, {
        name: "vector",
        data: [[1, 2], [3]],
        type: "JSON",
      }]),
    ],
    [
      /expected a column id, and either .* got id, x/,
      write([ids, {
        name: "x",
        data: [1, 2],
        type: "DOUBLE",
      }]),
    ],
    [/expected a column v0, got v1/, write([ids, { name: "v1", data: [1, 2], type: "DOUBLE" }])],
  ];
  for (const [expected, bytes] of cases) {
    assert.match(String(await vectors({ "v.parquet": bytes }, ["7"], "v.parquet")), expected);
  }
});

Deno.test("what is missing, surplus, twice or broken is named", async () => {
  const refused = async (expected: string, files: Record<string, string | Uint8Array>) =>
    assert.equal(await vectors(files, ["a", "x"]), expected);
  await refused(
    'v.npy: expected a vector for every query, got none for 1 query ("x"), ' +
      'and 2 vectors ("b", "c") of no query here',
    { "v.npy": npy(VALUES), "v.ids.txt": IDS },
  );
  await refused("v.ids.txt: expected 3 ids, one for each row of v.npy, got 2", {
    "v.npy": npy(VALUES),
    "v.ids.txt": "a\nb\n",
  });
  await refused('v.npy: rows 1 and 3 have the same id, "a"', {
    "v.npy": npy(VALUES),
    "v.ids.txt": "a\nb\na\n",
  });
  await refused("v.ids.txt:2: expected an id, got an empty line", {
    "v.npy": npy(VALUES),
    "v.ids.txt": "a\n\nc\n",
  });
  await refused('v.npy: expected finite numbers, got NaN or infinity in 2 vectors ("a", "c")', {
    "v.npy": npy([NaN, 1, 1, 1, 0, Infinity]),
    "v.ids.txt": IDS,
  });
  assert.match(
    String(await vectors({ "v.npy": npy(VALUES) }, ["a"])),
    /v\.ids\.txt: cannot be read .*; it holds the ids of the rows of v\.npy, one a line$/,
  );
});

Deno.test("other arrays are refused with what would make them right", async () => {
  const cases: [RegExp, Uint8Array | string][] = [
    [/expected float32 or float64 .*, got <i8; array\.astype/, npy(VALUES, { descr: "<i8" })],
    [/got <f2; /, npy(VALUES, { descr: "<f2" })],
    [/\(C order\), got columns; numpy\.ascontiguousarray/, npy(VALUES, { order: "True" })],
    [/expected a shape \(queries, width\), got \(6\)/, npy(VALUES, { shape: "(6,)" })],
    [/expected 24 bytes of numbers, got 20/, npy(VALUES).slice(0, -4)],
    [/expected a file that numpy\.save wrote, got other bytes/, "pickle"],
  ];
  for (const [expected, bytes] of cases) {
    assert.match(String(await vectors({ "v.npy": bytes, "v.ids.txt": IDS }, ["a"])), expected);
  }
  assert.match(String(await vectors({}, ["a"], "v.bin")), /expected a file ….npy or ….parquet/);
});

Deno.test("the key follows bytes, ids and preparation; the name stays the path", async () => {
  const files = {
    "v.npy": npy(VALUES),
    "v.ids.txt": IDS,
    "w.npy": npy(VALUES),
    "w.ids.txt": "a\nc\nb\n",
    "x.npy": npy([1, 2, 3, 4, 5, 7]),
    "x.ids.txt": IDS,
  };
  await inFolder(files, async (folder) => {
    const names = ["v.npy", "w.npy", "x.npy", "v.npy?preparation=centre"];
    const opened = await Promise.all(names.map((name) => openProvider(`file:${folder}/${name}`)));
    assert.equal(new Set(opened.map(({ key }) => key)).size, names.length);
    assert.equal(opened[3].preparation, "centre");
    assert.equal(opened[0].name, `file:${folder}/v.npy`);
    assert.equal(opened[0].facts.file, "v.npy");
    await assert.rejects(opened[0].embed(["text"]), /by query id, not by text/);
  });
});
