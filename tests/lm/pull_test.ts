/** Pulling weights from a hub on this machine that cuts the connection, refuses and lies. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { exists } from "../../src/base/files.ts";
import { sha256 } from "../../src/base/hash.ts";
import { importModel } from "../../src/lm/import.ts";
import type { Preset } from "../../src/lm/presets.ts";
import { pullModel, type PullOptions } from "../../src/lm/pull.ts";
import { encodeSafetensors, type StoredTensor } from "../../src/nn/safetensors.ts";
import { inFolder } from "../support/folder.ts";
import { TINY, writeDecoder } from "./tiny_decoder.ts";

interface Stage {
  readonly folder: string;
  readonly published: string;
  readonly weights: Map<string, StoredTensor>;
  readonly options: PullOptions & { root: string; cache: string };
  readonly presets: Record<string, Preset>;
  /** Paths asked for, with the first byte. */
  readonly asked: string[];
  /** The next answer is cut after so many bytes. */
  cutAfter(bytes: number): void;
}

/** Serves a tiny model as `org/tiny`, whatever the revision. */
async function onStage(use: (stage: Stage) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const published = join(folder, "published"), asked: string[] = [];
    await Deno.mkdir(published);
    const weights = await writeDecoder(published);
    let cut: number | undefined;
    const server = Deno.serve(
      {
        ...{ port: 0, hostname: "127.0.0.1", onListen() {} },
        onError: () => new Response("cut", { status: 500 }),
      },
      async (request) => {
        const { pathname } = new URL(request.url), name = pathname.split("/").at(-1)!;
        const from = Number(/^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
        asked.push(`${pathname} ${from}`);
        if (!await exists(join(published, name))) return new Response("no", { status: 404 });
        const body = await Deno.readFile(join(published, name));
        if (cut !== undefined && name.endsWith(".safetensors")) {
          const sent = body.slice(0, cut), length = `${body.length}`;
          cut = undefined;
          const stream = new ReadableStream({
            async start(controller) {
              controller.enqueue(sent);
              await new Promise((resolve) => setTimeout(resolve, 30)); // let the bytes out first
              controller.error(new Error("cut"));
            },
          });
          return new Response(stream, { headers: { "content-length": length } });
        }
        const range = `bytes ${from}-${body.length - 1}/${body.length}`;
        return from === 0 ? new Response(body) : new Response(body.slice(from), {
          ...{ status: 206, headers: { "content-range": range } },
        });
      },
    );
    const hash = async (name: string) => sha256(await Deno.readFile(join(published, name)));
    const names = ["config.json", "tokenizer.json", "model.safetensors"];
    const files = await Promise.all(
      names.map(async (name) => ({ name, sha256: await hash(name) })),
    );
    const common = { title: "tiny", licence: "none", hub: "org/tiny", config: TINY };
    const presets: Record<string, Preset> = {
      tiny: { ...common, revision: "abc123", files, weights: files[2].sha256 },
      free: { ...common, files: names.map((name) => ({ name })) },
      shards: common,
    };
    const hub = `http://127.0.0.1:${server.addr.port}`;
    const options = {
      ...{ hub, presets, backoff: 1, root: join(folder, "store"), cache: join(folder, "cache") },
    };
    try {
      const cutAfter = (bytes: number): void => void (cut = bytes);
      await use({ folder, published, weights, options, presets, asked, cutAfter });
    } finally {
      await server.shutdown();
    }
  });
}

Deno.test("a pinned model: continued where the connection was cut, checked, and as if imported", () =>
  onStage(async ({ published, options, presets, asked, cutAfter }) => {
    cutAfter(1000);
    const model = await pullModel("tiny", options);
    assert.deepEqual(asked, [
      "/org/tiny/resolve/abc123/config.json 0",
      "/org/tiny/resolve/abc123/tokenizer.json 0",
      "/org/tiny/resolve/abc123/model.safetensors 0",
      "/org/tiny/resolve/abc123/model.safetensors 1000",
    ]);
    const by = await importModel(published, { root: options.root, presets, id: "by-hand" });
    assert.equal(model.sha256, by.sha256);
    assert.equal(model.source.revision, "abc123");
    assert.match(model.source.from, /^http:\/\/127\.0\.0\.1:\d+\/org\/tiny$/);
    assert.ok(!await exists(options.cache), "downloads are not kept twice");
  }));

Deno.test("given up, then pulled again: what had arrived is kept", () =>
  onStage(async ({ options, asked, cutAfter }) => {
    cutAfter(500);
    await assert.rejects(pullModel("tiny", { ...options, attempts: 1 }), {
      name: "DataError",
      message: /given up after 1 try .*500 bytes are kept, pull again to continue/,
    });
    await pullModel("tiny", options);
    assert.equal(asked.at(-1), "/org/tiny/resolve/abc123/model.safetensors 500");
  }));

Deno.test("bytes of another hash than the pinned one are refused", () =>
  onStage(async ({ published, weights, options }) => {
    const first = weights.values().next().value!;
    first.data[0] += 1;
    await Deno.writeFile(join(published, "model.safetensors"), encodeSafetensors(weights));
    await assert.rejects(pullModel("tiny", { ...options, attempts: 1 }), {
      name: "DataError",
      message: /model\.safetensors: expected sha256 [0-9a-f]{64}, got [0-9a-f]{64}; removed/,
    });
    assert.ok(!await exists(options.root));
  }));

Deno.test("an unpinned model: --revision is asked for, and the hashes are recorded", () =>
  onStage(async ({ published, options }) => {
    await assert.rejects(pullModel("free", options), {
      name: "UsageError",
      message: /revision of free is not pinned here: give --revision, a commit of org\/tiny/,
    });
    const { source } = await pullModel("free", { ...options, revision: "main" });
    const bytes = await Deno.readFile(join(published, "model.safetensors"));
    assert.equal(source.sha256["model.safetensors"], sha256(bytes));
    assert.equal(source.revision, "main");
  }));

Deno.test("a model in shards: all that its index names, and nothing outside the folder", () =>
  onStage(async ({ published, weights, options, asked }) => {
    const whole = await pullModel("tiny", options), map: Record<string, string> = {};
    for (const [i, name] of [...weights.keys()].entries()) {
      const file = `model-${i % 2}.safetensors`;
      map[name] = file;
      const own = [...weights].filter((_, j) => j % 2 === i % 2);
      await Deno.writeFile(join(published, file), encodeSafetensors(new Map(own)));
    }
    const index = join(published, "model.safetensors.index.json");
    await Deno.writeTextFile(index, JSON.stringify({ weight_map: map }));
    asked.length = 0;
    const model = await pullModel("shards", { ...options, revision: "main" });
    assert.equal(model.sha256, whole.sha256);
    assert.ok(asked.includes("/org/tiny/resolve/main/model-1.safetensors 0"));
    await Deno.writeTextFile(index, JSON.stringify({ weight_map: { x: "../x.safetensors" } }));
    await assert.rejects(pullModel("shards", { ...options, revision: "main" }), {
      name: "DataError",
      message: /weight_map: not the name of a shard: \.\.\/x\.safetensors/,
    });
  }));

Deno.test("what is not there, or not on the hub", () =>
  onStage(async ({ published, options }) => {
    await Deno.remove(join(published, "tokenizer.json"));
    await assert.rejects(pullModel("tiny", options), {
      name: "DataError",
      message: /tokenizer\.json: refused with 404/,
    });
    await assert.rejects(pullModel("smollm2-q4_1"), {
      name: "UsageError",
      message: /smollm2-q4_1 is not on the hub in this form: deno task lm import FILE/,
    });
    await assert.rejects(pullModel("tinny", options), { message: /did you mean "tiny"\?/ });
  }));
