/** Pulling archives, over redirects, and files that no hash pins. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { CapabilityError, DataError } from "../../src/base/errors.ts";
import { exists, readJson, repoPath } from "../../src/base/files.ts";
import { sha256 } from "../../src/base/hash.ts";
import { needsLine, needsOf } from "../../src/outcomes/disk.ts";
import { type Manifest, readManifest, type SourceFile } from "../../src/outcomes/manifest.ts";
import { pull, type PullOptions } from "../../src/outcomes/pull.ts";
import { makeTar } from "../support/tar.ts";
import { golden, makeZip, nativeBytes } from "./importers/fixture.ts";

type Handler = (request: Request) => Response | Promise<Response>;

interface Stage {
  manifest: Manifest;
  options: PullOptions & { cache: string; out: string; lock: string };
  /** Address of the server. */
  origin: string;
  said: string[];
  records(): Promise<string>;
}

/** A server with one answer for each path, and a manifest of files that it serves. */
async function onStage(
  files: (origin: string) => SourceFile[],
  answer: Handler,
  run: (stage: Stage) => Promise<void>,
): Promise<void> {
  await using server = Deno.serve(
    {
      port: 0,
      hostname: "127.0.0.1",
      onListen() {},
      onError: () => new Response("", { status: 500 }),
    },
    answer,
  );
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const folder = await Deno.makeTempDir();
  const expected = await golden("llmrouterbench");
  const real = await readManifest(repoPath("datasets/llmrouter/manifest.json"));
  const { prices: _, ...rest } = real;
  const manifest: Manifest = {
    ...rest,
    importer: "llmrouterbench",
    source: { files: files(origin) },
    records: { sha256: sha256(expected) },
  };
  const out = join(folder, "records.jsonl.gz"), said: string[] = [];
  try {
    await run({
      manifest,
      origin,
      said,
      options: {
        ...{ out, cache: join(folder, "cache"), lock: join(folder, "lock.json") },
        ...{ attempts: 2, backoff: 1, idle: 5000, say: (line) => void said.push(line) },
      },
      records: async () => new TextDecoder().decode(gunzipSync(await Deno.readFile(out))),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const natives = await nativeBytes("llmrouterbench");
const tar = gzipSync(makeTar([...natives].map(([name, data]) => ({ name, data }))));
const zip = makeZip([...natives]);

/** Serves bytes, from the byte that a range asks for. */
const serve = (request: Request, bytes: Uint8Array): Response => {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
  const headers = { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
  return new Response(bytes.slice(from), from > 0 ? { status: 206, headers } : {});
};

const rejects = (
  run: Promise<unknown>,
  kind: typeof DataError | typeof CapabilityError,
  ...messages: RegExp[]
): Promise<void> =>
  assert.rejects(run, (error) => {
    assert.ok(error instanceof kind, String(error));
    for (const message of messages) assert.match(error.message, message);
    return true;
  });

for (const [unpack, bytes] of [["tar.gz", tar], ["zip", zip]] as const) {
  const file = (origin: string): SourceFile[] => [
    {
      path: `bench-release.${unpack}`,
      url: `${origin}/x`,
      sha256: sha256(bytes),
      ...{ unpack, bytes: bytes.length, unpackedBytes: 5000 },
    },
  ];

  Deno.test(`${unpack}: a cut download is resumed, unpacked and imported; a second pull does neither`, () => {
    const asked: string[] = [];
    const answer: Handler = (request) => {
      asked.push(request.headers.get("range") ?? "-");
      if (asked.length > 1) return serve(request, bytes);
      const cut = new ReadableStream({
        async start(controller) {
          controller.enqueue(bytes.slice(0, 400));
          await new Promise((resolve) => setTimeout(resolve, 30));
          controller.error(new Error("cut"));
        },
      });
      return new Response(cut, { headers: { "content-length": `${bytes.length}` } });
    };
    return onStage(file, answer, async ({ manifest, options, said, records }) => {
      await pull(manifest, options);
      assert.equal(await records(), await golden("llmrouterbench"));
      assert.match(said[0], /^needs \d.* to download, about 5\.00 kB unpacked; .* are free \(/);
      await pull(manifest, options);
      assert.deepEqual(asked, ["-", "bytes=400-"]);
      assert.equal(said.length, 1, "nothing is needed any more");
      assert.equal(await exists(options.lock), false, "nothing was open");
    });
  });
}

Deno.test("an archive that would leave the folder, or grow a hundredfold, ends the pull", async () => {
  const zeros = { name: "a/b/c/run.json", data: "0".repeat(3_000_000) };
  for (
    const [entry, message] of [
      [{ name: "../../evil.json", data: "[]" }, /not inside the folder; refused/],
      [zeros, /more than 100 times/],
    ] as const
  ) {
    const bytes = gzipSync(makeTar([entry]));
    const files = (origin: string): SourceFile[] => [
      { path: "a.tar.gz", url: `${origin}/x`, sha256: sha256(bytes), unpack: "tar.gz" },
    ];
    await onStage(files, (request) => serve(request, bytes), async ({ manifest, options }) => {
      await rejects(pull(manifest, options), DataError, message);
      assert.equal(await exists(options.out), false);
      assert.equal(await exists(join(options.cache, "a")), false);
    });
  }
});

Deno.test("a redirect is followed to hosts that the manifest names, and to no others", async () => {
  const asked: string[] = [];
  await using other = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    asked.push(new URL(request.url).pathname);
    return serve(request, tar);
  });
  const host = `127.0.0.1:${other.addr.port}`;
  const files = (origin: string): SourceFile[] => [
    { path: "b.tar.gz", url: `${origin}/first`, sha256: sha256(tar), unpack: "tar.gz" },
  ];
  let round = false;
  const answer: Handler = (request) => {
    const { pathname, origin } = new URL(request.url);
    if (round) return Response.redirect(`${origin}/again`);
    return pathname === "/first"
      ? new Response(null, { status: 302, headers: { location: "/second" } })
      : Response.redirect(`http://${host}/third`, 307);
  };
  await onStage(files, answer, async ({ manifest, options, records }) => {
    await rejects(
      pull(manifest, options),
      DataError,
      new RegExp(`first: redirected to http://${host}; expected 127\\.0\\.0\\.1:\\d+, which`),
    );
    assert.deepEqual(asked, [], "the other host was not spoken to");
    assert.equal(await exists(options.out), false);
    const source = { ...manifest.source, hosts: [host] };
    round = true;
    await rejects(pull({ ...manifest, source }, options), DataError, /more than 5 times/);
    round = false;
    await pull({ ...manifest, source }, options);
    assert.deepEqual(asked, ["/third"]);
    assert.equal(await records(), await golden("llmrouterbench"));
  });
});

Deno.test("files without a hash: asked for, locked, and held to the lock", async () => {
  let bytes = tar;
  const files = (origin: string): SourceFile[] => [
    { path: "bench.tar.gz", url: `${origin}/x`, unpack: "tar.gz" },
  ];
  await onStage(files, (request) => serve(request, bytes), async (stage) => {
    const { options, records, origin } = stage;
    const manifest = { ...stage.manifest, records: {} };
    await rejects(
      pull(manifest, options),
      CapabilityError,
      /no hash is known of 1 of its 1 files/,
      /data pull llmrouter --accept-unpinned/,
    );
    assert.equal(await exists(options.cache), false, "nothing was fetched");
    const accepting = { ...options, acceptUnpinned: true };
    assert.match(await pull(manifest, accepting), /note: no hash .* what came is locked in .*lock/);
    assert.deepEqual(await readJson(options.lock), {
      dataset: "llmrouter",
      files: [
        { path: "bench.tar.gz", url: `${origin}/x`, bytes: tar.length, sha256: sha256(tar) },
      ],
      records: { sha256: sha256(await golden("llmrouterbench")), queries: 5 },
    });
    const again = async (): Promise<void> => {
      await Deno.remove(options.cache, { recursive: true });
      await Deno.remove(options.out).catch(() => {});
    };
    await again();
    assert.match(await pull(manifest, options), /they are those of .*lock\.json/);
    await again();
    bytes = gzipSync(makeTar([{ name: "bench/a/b/c/run.json", data: '{"records": []}' }]));
    for (const each of [options, accepting]) {
      await rejects(
        pull(manifest, each),
        DataError,
        new RegExp(`expected sha256 ${sha256(tar)}, got ${sha256(bytes)}; removed`),
        /to accept others, delete it/,
      );
    }
    assert.equal(await exists(options.out), false);
    await Deno.remove(options.lock);
    bytes = tar;
    await pull(manifest, accepting);
    assert.equal(await records(), await golden("llmrouterbench"));
    await Deno.writeTextFile(options.lock, '{"dataset": "other", "files": [], "records": {}}');
    await rejects(pull(manifest, options), DataError, /expected a lock file of llmrouter/);
  });
});

Deno.test("records other than the locked ones are not written", () =>
  onStage(
    (origin) => [{ path: "bench.tar.gz", url: `${origin}/x`, unpack: "tar.gz" }],
    (request) => serve(request, tar),
    async (stage) => {
      const manifest = { ...stage.manifest, records: {} }, { options } = stage;
      await pull(manifest, { ...options, acceptUnpinned: true });
      const lock = Object(await readJson(options.lock));
      const records = { ...lock.records, sha256: "0".repeat(64) };
      await Deno.writeTextFile(options.lock, JSON.stringify({ ...lock, records }));
      await Deno.remove(options.out);
      await rejects(pull(manifest, options), DataError, /expected records of sha256 0{64}/, /lock/);
      assert.equal(await exists(options.out), false);
    },
  ));

Deno.test("disk: what is needed is said, and too little room ends a pull before it begins", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const files: SourceFile[] = [
      { path: "a.zip", bytes: 2_000_000_000, unpack: "zip", unpackedBytes: 12_300_000_000 },
      { path: "b.json", bytes: 999 },
      { path: "c.json" },
    ];
    await Deno.writeTextFile(join(folder, "b.json"), "here");
    await Deno.writeFile(join(folder, "a.zip.part"), new Uint8Array(1_000_000));
    const needs = await needsOf(files, folder);
    assert.deepEqual(needs, { download: 1_999_000_000, unpacked: 12_300_000_000, unknown: 1 });
    const line =
      "needs 2.00 GB to download, 1 files of unknown size to download, about 12.3 GB unpacked";
    assert.equal(needsLine(needs, "F"), `${line} (F)`);
    assert.equal(needsLine(needs, "F", 2e10), `${line}; 20.0 GB are free (F)`);
    assert.throws(() => needsLine(needs, "F", 1.4e10), CapabilityError);
    assert.equal(needsLine({ download: 0, unpacked: 0, unknown: 0 }, "F", 0), undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
