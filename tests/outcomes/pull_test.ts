/** Pulling from a server on this machine that cuts, refuses, stalls and lies. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { CapabilityError, DataError } from "../../src/base/errors.ts";
import { exists, repoPath } from "../../src/base/files.ts";
import { sha256 } from "../../src/base/hash.ts";
import { type Manifest, readManifest } from "../../src/outcomes/manifest.ts";
import { pull, type PullOptions } from "../../src/outcomes/pull.ts";
import { golden, nativeBytes } from "./importers/fixture.ts";

/** What the server does with a request: the bytes of the file and the first byte asked for. */
type Answer = (body: Uint8Array, from: number) => Response;

const whole: Answer = (body) => new Response(body.slice());
const ranged: Answer = (body, from) => {
  if (from === 0) return whole(body, 0);
  const range = `bytes ${from}-${body.length - 1}/${body.length}`;
  return new Response(body.slice(from), { status: 206, headers: { "content-range": range } });
};
/** Promises everything, sends half, then cuts the connection, or says no more. */
const half = (after: "cut" | "stall"): Answer => (body) => {
  const sent = body.slice(0, body.length >> 1);
  const stream = new ReadableStream({
    async start(controller) {
      controller.enqueue(sent);
      if (after === "stall") return;
      await new Promise((resolve) => setTimeout(resolve, 30)); // let the bytes out first
      controller.error(new Error("cut"));
    },
  });
  return new Response(stream, { headers: { "content-length": `${body.length}` } });
};
const refuse = (status: number): Answer => () => new Response("no", { status });

const VICTIM = "data/dcrouter_preprocessed/train.json";

interface Stage {
  manifest: Manifest;
  options: PullOptions & { cache: string; out: string; lock: string };
  /** Requests for the victim: the `Range` header of each, or "-". */
  asked: string[];
  /** Answers to the next requests for the victim; afterwards it is served well. */
  script: Answer[];
  part: string;
  records(): Promise<string>;
}

/** Serves the llmrouter fixture; one file, the victim, follows the script. */
async function onStage(run: (stage: Stage) => Promise<void>): Promise<void> {
  const files = await nativeBytes("llmrouter");
  const script: Answer[] = [], asked: string[] = [];
  const server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    onListen() {},
    onError: () => refuse(500)(new Uint8Array(), 0),
  }, (request) => {
    const path = decodeURIComponent(new URL(request.url).pathname).slice(1);
    const body = files.get(path);
    if (!body) return new Response("no such file", { status: 404 });
    const range = request.headers.get("range");
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
    if (path !== VICTIM) return ranged(body, from);
    asked.push(range ?? "-");
    return (script.shift() ?? ranged)(body, from);
  });
  const folder = await Deno.makeTempDir();
  const real = await readManifest(repoPath("datasets/llmrouter/manifest.json"));
  const expected = await golden("llmrouter");
  const manifest: Manifest = {
    ...real,
    source: {
      ...real.source,
      files: [...files].map(([path, bytes]) => ({
        path,
        url: `http://127.0.0.1:${server.addr.port}/${path}`,
        sha256: sha256(bytes),
      })),
    },
    records: { sha256: sha256(expected), queries: 4 },
  };
  const cache = join(folder, "cache"), out = join(folder, "local/records.jsonl.gz");
  const lock = join(folder, "lock.json");
  const options = { cache, out, lock, attempts: 3, backoff: 1, idle: 5000 };
  const records = async (): Promise<string> =>
    new TextDecoder().decode(gunzipSync(await Deno.readFile(out)));
  const part = join(cache, `${VICTIM}.part`);
  try {
    await run({ manifest, options, asked, script, part, records });
    if (await exists(out)) assert.equal(await records(), expected); // nothing else is ever written
  } finally {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
}

const size = async (path: string): Promise<number> => (await Deno.stat(path)).size;
const bytesOf = async (): Promise<Uint8Array> => (await nativeBytes("llmrouter")).get(VICTIM)!;
const fails = (run: Promise<unknown>, ...messages: RegExp[]): Promise<void> =>
  assert.rejects(run, (error) => {
    assert.ok(error instanceof DataError, String(error));
    for (const message of messages) assert.match(error.message, message);
    return true;
  });

Deno.test("a clean pull writes the golden records; a second one downloads nothing", () =>
  onStage(async ({ manifest, options, asked, part, records }) => {
    const report = await pull(manifest, options);
    assert.match(
      report,
      /wrote .*records\.jsonl\.gz\n {2}sha256 [0-9a-f]{64}, as expected/,
    );
    assert.equal(await records(), await golden("llmrouter"));
    assert.equal(await exists(part), false);
    const first = sha256(await Deno.readFile(options.out));
    await pull(manifest, options);
    assert.deepEqual(asked, ["-"]);
    assert.equal(sha256(await Deno.readFile(options.out)), first);
  }));

Deno.test("a cut connection is resumed by Range", () =>
  onStage(async ({ manifest, options, asked, script, records }) => {
    script.push(half("cut"));
    await pull(manifest, options);
    const from = (await bytesOf()).length >> 1;
    assert.deepEqual(asked, ["-", `bytes=${from}-`]);
    assert.equal(await records(), await golden("llmrouter"));
  }));

Deno.test("a server without Range support is read from the start again", () =>
  onStage(async ({ manifest, options, asked, script, records }) => {
    script.push(half("cut"), whole);
    await pull(manifest, options);
    assert.equal(asked.length, 2);
    assert.equal(await records(), await golden("llmrouter"));
  }));

Deno.test("a stalled connection counts as cut", () =>
  onStage(async ({ manifest, options, asked, script, records }) => {
    script.push(half("stall"));
    await pull(manifest, { ...options, idle: 150 });
    assert.match(asked[1], /^bytes=\d+-$/);
    assert.equal(await records(), await golden("llmrouter"));
  }));

Deno.test("an interrupted run keeps its bytes; the next one goes on", () =>
  onStage(async ({ manifest, options, asked, script, part, records }) => {
    script.push(half("cut"));
    const run = pull(manifest, { ...options, attempts: 1 });
    await fails(run, /train\.json: given up after 1 try/, /bytes are kept, pull again to continue/);
    const held = await size(part);
    assert.equal(held, (await bytesOf()).length >> 1);
    assert.equal(await exists(options.out), false);
    await pull(manifest, options);
    assert.deepEqual(asked, ["-", `bytes=${held}-`]);
    assert.equal(await records(), await golden("llmrouter"));
  }));

Deno.test("a part that was whole already is taken", () =>
  onStage(async ({ manifest, options, asked, script, part }) => {
    const body = await bytesOf();
    await Deno.mkdir(join(part, ".."), { recursive: true });
    await Deno.writeFile(part, body);
    const headers = { "content-range": `bytes */${body.length}` };
    script.push(() => new Response("beyond", { status: 416, headers }));
    await pull(manifest, options);
    assert.deepEqual(asked, [`bytes=${body.length}-`]);
  }));

Deno.test("a part that does not belong to the file is thrown away", () =>
  onStage(async ({ manifest, options, asked, part }) => {
    await Deno.mkdir(join(part, ".."), { recursive: true });
    await Deno.writeTextFile(part, "something else");
    await pull(manifest, options);
    assert.deepEqual(asked, ["bytes=14-", "-"]);
  }));

Deno.test("a wrong hash is an error that leaves nothing behind", () =>
  onStage(async ({ manifest, options, asked, script, part }) => {
    script.push((body) => whole(body.map((byte) => byte ^ 1), 0));
    const run = pull(manifest, options);
    await fails(run, /train\.json: expected sha256 [0-9a-f]{64}, got [0-9a-f]{64}; removed/);
    assert.equal(asked.length, 1);
    for (const path of [part, part.replace(/\.part$/, ""), options.out]) {
      assert.equal(await exists(path), false, path);
    }
  }));

Deno.test("a git blob hash pins a file as a SHA-256 does", () =>
  onStage(async ({ manifest, options, asked, script, records }) => {
    const blob = (bytes: Uint8Array): string =>
      createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
    const right = blob(await bytesOf());
    const pinned = (gitBlob: string): Manifest => ({
      ...manifest,
      source: {
        files: manifest.source.files!.map(({ path, url, sha256 }) =>
          path === VICTIM ? { path, url, gitBlob } : { path, url, sha256 }
        ),
      },
    });
    script.push((body) => whole(body.map((byte) => byte ^ 1), 0));
    await fails(pull(pinned(right), options), /expected git blob [0-9a-f]{40}, got [0-9a-f]{40};/);
    await pull(pinned(right), options);
    await pull(pinned(right), options);
    assert.deepEqual(asked, ["-", "-"]);
    assert.equal(await records(), await golden("llmrouter"));
    const empty = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"; // what git says of no bytes
    assert.equal(blob(new Uint8Array()), empty);
    await fails(pull(pinned(empty), options), new RegExp(`expected git blob ${empty}`));
  }));

Deno.test("paths are appended to the base where a file has no address of its own", () =>
  onStage(async ({ manifest, options, asked, records }) => {
    const files = manifest.source.files!, { origin } = new URL(files[0].url!);
    const source = {
      base: `${origin}/`,
      files: files.map(({ path, sha256 }) => ({ path, sha256 })),
    };
    await pull({ ...manifest, source }, options);
    assert.deepEqual(asked, ["-"]);
    assert.equal(await records(), await golden("llmrouter"));
  }));

Deno.test("a file damaged after its download is fetched again", () =>
  onStage(async ({ manifest, options, asked, part }) => {
    await pull(manifest, options);
    await Deno.writeTextFile(part.replace(/\.part$/, ""), "[]");
    await pull(manifest, options);
    assert.deepEqual(asked, ["-", "-"]);
  }));

Deno.test("a file cut short at the source is caught by its hash, or else by the records", () =>
  onStage(async ({ manifest, options, script }) => {
    const short: Answer = (body) => whole(body.slice(0, 40), 0);
    script.push(short);
    await fails(pull(manifest, options), /expected sha256/);
    const files = manifest.source.files!.map(({ path, url }) => ({ path, url }));
    const unhashed = { ...manifest, source: { ...manifest.source, files } };
    script.push(short);
    const accepting = { ...options, acceptUnpinned: true };
    await fails(pull(unhashed, accepting), /train\.json: not valid JSON/, /again, delete .*cache$/);
    assert.equal(await exists(options.out), false);
  }));

Deno.test("404 is final, 503 is tried again, and not for ever", () =>
  onStage(async ({ manifest, options, asked, script }) => {
    script.push(refuse(404));
    await fails(pull(manifest, options), /train\.json: refused with 404/);
    assert.equal(asked.length, 1);
    script.push(refuse(503), refuse(503), refuse(503));
    await fails(pull(manifest, options), /given up after 3 tries \(503/);
    assert.equal(asked.length, 4);
    script.push(refuse(503), refuse(429));
    await pull(manifest, options);
    assert.equal(asked.length, 7);
  }));

Deno.test("records that are not the manifest's are not written", () =>
  onStage(async ({ manifest, options }) => {
    const other = { ...manifest, records: { sha256: "0".repeat(64), queries: 4 } };
    await fails(pull(other, options), /expected records of sha256 0{64}, got [0-9a-f]{64}/);
    const more = { ...manifest, records: { queries: 5 } };
    await fails(pull(more, options), /expected 5 records, got 4/, /left out: GPQA/);
    assert.equal(await exists(options.out), false);
  }));

Deno.test("two pulls at once do not spoil each other's files", () =>
  onStage(async ({ manifest, options, asked, script }) => {
    script.push(half("cut"));
    await Promise.all([pull(manifest, options), pull(manifest, options)]);
    assert.equal(asked.length, 2);
  }));

Deno.test("without a list of files the way by hand is told", () =>
  onStage(async ({ manifest, options }) => {
    const { repository, commit } = manifest.source;
    const told = async (changes: Partial<Manifest>): Promise<string> => {
      const error = await pull({ ...manifest, ...changes }, options).catch((error) => error);
      assert.ok(error instanceof CapabilityError, String(error));
      return error.message;
    };
    const message = await told({ source: { repository, commit, note: "Many files." } });
    assert.match(message, /git clone https:\/\/github\.com\/ulab-uiuc\/LLMRouter <folder>/);
    assert.match(message, new RegExp(`checkout ${commit}`));
    assert.match(message, /data import llmrouter <folder> --dataset llmrouter/);
    assert.match(message, /Many files\./);
    assert.match(await told({ source: { repository, files: [{ path: "a" }] } }), /by hand/);
    assert.match(await told({ importer: undefined }), /nothing to pull/);
  }));

Deno.test("a path that leaves the folder is refused", () =>
  onStage(async ({ manifest, options }) => {
    const files = manifest.source.files!.map((file) => ({ ...file, path: `../${file.path}` }));
    await fails(pull({ ...manifest, source: { files } }, options), /not inside the folder/);
  }));
