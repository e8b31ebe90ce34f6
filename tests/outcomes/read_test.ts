import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { DataError } from "../../src/base/errors.ts";
import { sha256 } from "../../src/base/hash.ts";
import { random } from "../../src/base/random.ts";
import { readAllRecords, readRecords } from "../../src/outcomes/read.ts";
import { SMALL, withFolder } from "./small.ts";

const lines = SMALL.trim().split("\n");
const records = lines.map((line) => JSON.parse(line));

/** What reading these files says, with the folder taken out of the message. */
async function refusal(files: Record<string, string | Uint8Array>, name = ""): Promise<string> {
  return await withFolder(files, async (folder) => {
    try {
      await readAllRecords(join(folder, name));
    } catch (error) {
      assert.ok(error instanceof DataError, String(error));
      return error.message.replaceAll(`${folder}/`, "").replaceAll(folder, "FOLDER");
    }
    assert.fail("accepted");
  });
}

Deno.test("text, gzip and folder give the same records and the hash of the unpacked bytes", async () => {
  const files = {
    "a.jsonl": SMALL,
    "b.jsonl.gz": gzipSync(SMALL),
    "c/records.jsonl": SMALL,
    "c/replies.jsonl.gz": "not read",
    "d/records.jsonl.gz": gzipSync(SMALL),
    "d/SOURCE.md": "not read",
  };
  await withFolder(files, async (folder) => {
    for (const name of ["a.jsonl", "b.jsonl.gz", "c", "d"]) {
      const read = await readAllRecords(join(folder, name));
      assert.deepEqual(read.list, records);
      assert.equal(read.sha256, sha256(SMALL));
      assert.equal(read.records, 6);
      assert.equal(read.files.length, 1);
    }
  });
});

Deno.test("a folder of several files is read in order of name, hashed as one", async () => {
  const part = (from: number, to: number): string => lines.slice(from, to).join("\n") + "\n";
  const files = {
    "part-10.jsonl": part(4, 6),
    "part-02.jsonl.gz": gzipSync(part(2, 4)),
    "part-01.jsonl": part(0, 2),
  };
  await withFolder(files, async (folder) => {
    const read = await readAllRecords(folder);
    assert.deepEqual(read.list, records);
    assert.equal(read.sha256, sha256(SMALL));
    const names = ["part-01.jsonl", "part-02.jsonl.gz", "part-10.jsonl"];
    assert.deepEqual(read.files.map((file) => basename(file)), names);
  });
});

Deno.test("records stream: a consumer that stops early leaves nothing open", async () => {
  await withFolder({ "a.jsonl.gz": gzipSync(SMALL) }, async (folder) => {
    for await (const record of readRecords(join(folder, "a.jsonl.gz"))) {
      assert.equal(record.id, "q3");
      break;
    }
  });
});

Deno.test("CRLF, a missing last newline and blank lines at the end are fine", async () => {
  const variants = [
    SMALL.replaceAll("\n", "\r\n"),
    SMALL.trimEnd(),
    SMALL + "\n \n\r\n",
  ];
  for (const text of variants) {
    await withFolder({ "a.jsonl": text }, async (folder) => {
      assert.deepEqual((await readAllRecords(folder)).list, records);
    });
  }
});

Deno.test("lines longer than the pieces a file comes in are put together", async () => {
  const long = (id: string): string =>
    JSON.stringify({ id, benchmark: "b", query: `長${id.repeat(300_000)}江`, scores: { m: 1 } });
  await withFolder({ "a.jsonl.gz": gzipSync(`${long("x")}\n${long("y")}`) }, async (folder) => {
    const { list } = await readAllRecords(folder);
    assert.deepEqual(list.map((record) => record.query.length), [300_002, 300_002]);
  });
});

Deno.test("two gzip members in a row are one file", async () => {
  const packed = Buffer.concat(
    [lines.slice(0, 2), lines.slice(2)].map((part) => gzipSync(part.join("\n") + "\n")),
  );
  await withFolder({ "a.jsonl.gz": packed }, async (folder) => {
    const read = await readAllRecords(folder);
    assert.deepEqual(read.list, records);
    assert.equal(read.sha256, sha256(SMALL));
  });
});

Deno.test("messages name file and line", async () => {
  const [first, second] = lines;
  const bytes = (...parts: (string | number[])[]): Uint8Array =>
    Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  assert.match(await refusal({ "a.jsonl": `${first}\n{"id":` }), /^a\.jsonl:2: expected one JSON/);
  assert.equal(
    await refusal({ "a.jsonl": `${first}\n\n${second}` }),
    "a.jsonl:2: expected a record, got a blank line",
  );
  assert.equal(
    await refusal({ "a.jsonl": `\ufeff${SMALL}` }),
    "a.jsonl:1: expected UTF-8 without a byte-order mark, got one",
  );
  assert.equal(
    await refusal({
      "a.jsonl": bytes(`${first}\n${second.slice(0, 60)}`, [0xc3], second.slice(60)),
    }),
    "a.jsonl:2: expected UTF-8 text, got other bytes",
  );
  assert.equal(
    await refusal({ "a.jsonl": `${SMALL}${first}` }),
    'a.jsonl:7: id: expected a new one, got "q3", which is already at a.jsonl:1',
  );
  assert.equal(
    await refusal({ "a.jsonl": SMALL, "b.jsonl": `${lines[1]}\n` }),
    'b.jsonl:1: id: expected a new one, got "q1", which is already at a.jsonl:2',
  );
});

Deno.test("paths without records say what was expected", async () => {
  const expected = "expected .jsonl, .jsonl.gz, .parquet or a folder of such files";
  assert.equal(await refusal({ "a.csv": "" }), `FOLDER: ${expected}, got none`);
  assert.equal(
    await refusal({ "a.txt": "" }, "a.txt"),
    `a.txt: ${expected}, or a table (.csv, .tsv)`,
  );
  assert.match(
    await refusal({}, "b.jsonl"),
    /^b\.jsonl: expected .+, but cannot be read \(No such/,
  );
  assert.equal(await refusal({ "a.jsonl": "" }), "FOLDER: expected records, got none");
  assert.equal(await refusal({ "a.jsonl": "\n\n" }), "FOLDER: expected records, got none");
  assert.equal(
    await refusal({ "records.jsonl": SMALL, "records.jsonl.gz": gzipSync(SMALL) }),
    "FOLDER: expected one records file, got records.jsonl and records.jsonl.gz",
  );
});

Deno.test("torn gzip says how far it came", async () => {
  const draw = random(1, "torn");
  const text = Array.from({ length: 4000 }, (_, i) => {
    const query = Array.from({ length: 40 }, () => draw.integer(1e6)).join(" ");
    return JSON.stringify({ id: `${i}`, benchmark: "b", query, scores: { m: 1 } }) + "\n";
  }).join("");
  const packed = new Uint8Array(gzipSync(text));
  const half = await refusal({ "a.jsonl.gz": packed.slice(0, packed.length / 2) }, "a.jsonl.gz");
  const [, line, bytes] =
    /^a\.jsonl\.gz: damaged gzip data after line (\d+) \((\d+) bytes\): unexpected end/
      .exec(half) ?? assert.fail(half);
  const whole = text.slice(0, Number(bytes)).split("\n").length - 1;
  assert.equal(Number(line), whole, "complete lines in the bytes it came through");
  assert.ok(whole > 1000 && whole < 3000, line);

  for (
    const torn of [packed.slice(0, -1), packed.slice(0, -5), packed.slice(0, 5), packed.slice(0, 0)]
  ) {
    assert.match(
      await refusal({ "a.jsonl.gz": torn }),
      /^a\.jsonl\.gz: damaged gzip data after line/,
    );
  }
  const flipped = packed.slice();
  flipped[packed.length - 6] ^= 1;
  assert.match(
    await refusal({ "a.jsonl.gz": flipped }),
    /damaged gzip data .+ incorrect data check/,
  );
  assert.match(await refusal({ "a.jsonl.gz": SMALL }), /after line 0 .+ incorrect header check/);
});
