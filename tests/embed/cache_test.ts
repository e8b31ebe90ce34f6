/** The cache: hits, misses, damage. */
import assert from "node:assert/strict";
import { matrix } from "../../src/linalg/matrix.ts";
import { cacheFile, embedCached } from "../../src/embed/cache.ts";
import type { EmbeddingProvider } from "../../src/embed/provider.ts";
import { inFolder } from "../support/folder.ts";

/** Counts its calls; a text's vector is [its length, 0.5]. */
function counting(
  over: Partial<EmbeddingProvider> = {},
): EmbeddingProvider & { calls: number } {
  const provider = {
    ...{ name: "hub:a/b?x=1", key: "k", width: 2, preparation: "none" as const, facts: {} },
    calls: 0,
    embed: (texts: readonly string[]) => {
      provider.calls++;
      const values = texts.flatMap((text) => [text.length, 0.5]);
      return Promise.resolve(matrix(texts.length, 2, Float32Array.from(values)));
    },
    ...over,
  };
  return provider;
}

/** Runs and gives what was written to console.error. */
async function notes(run: () => Promise<unknown>): Promise<string[]> {
  const seen: string[] = [];
  const original = console.error;
  console.error = (text: string) => void seen.push(text);
  try {
    await run();
  } finally {
    console.error = original;
  }
  return seen;
}

Deno.test("the second time comes from the file, bit for bit", () =>
  inFolder(async (folder) => {
    const provider = counting();
    const first = await embedCached(provider, ["a", "bcd", ""], folder);
    const second = await embedCached(provider, ["a", "bcd", ""], folder);
    assert.deepEqual(second, first);
    assert.deepEqual([...second.data], [1, 0.5, 3, 0.5, 0, 0.5]);
    assert.equal(provider.calls, 1);
    assert.equal([...Deno.readDirSync(folder)].length, 1, "no temporary file stays behind");
  }));

Deno.test("other texts, order, key or name have files of their own", () => {
  const file = (texts: string[], over: Partial<EmbeddingProvider> = {}): string =>
    cacheFile(counting(over), texts, "c");
  const files = [
    file(["a", "b"]),
    file(["b", "a"]),
    file(["ab"]),
    file(["a", "b", ""]),
    file(["a", "b"], { key: "k2" }),
    file(["a", "b"], { name: "static" }),
  ];
  assert.equal(new Set(files).size, files.length);
  assert.equal(file(["a", "b"]), files[0]);
  assert.match(files[0], /^c\/[0-9a-f]{16}\.hub_a_b_x_1\.[0-9a-f]{16}\.bin$/);
});

Deno.test("texts that join to the same string are told apart", () => {
  assert.notEqual(cacheFile(counting(), ["a:", "b"], "c"), cacheFile(counting(), ["a", ":b"], "c"));
});

const DAMAGE: [string, (file: Uint8Array) => Uint8Array, RegExp][] = [
  ["cut short", (f) => f.subarray(0, f.length - 3), /13 bytes of data, expected 16/],
  ["one bit turned", (f) => (f[f.length - 1] ^= 1, f), /checksum does not match/],
  ["empty", () => new Uint8Array(0), /damaged header/],
  ["no JSON", () => new TextEncoder().encode("hello\n"), /damaged header/],
  ["other format", () => new TextEncoder().encode('{"format":"x"}\n'), /format x, expected/],
];
for (const [name, damage, message] of DAMAGE) {
  Deno.test(`a file ${name} is computed again, with a note`, () =>
    inFolder(async (folder) => {
      const provider = counting();
      const texts = ["a", "bcd"];
      const path = cacheFile(provider, texts, folder);
      const first = await embedCached(provider, texts, folder);
      await Deno.writeFile(path, damage(await Deno.readFile(path)));
      const seen = await notes(async () => {
        assert.deepEqual(await embedCached(provider, texts, folder), first);
      });
      assert.equal(provider.calls, 2);
      assert.equal(seen.length, 1);
      assert.ok(seen[0].includes(path) && message.test(seen[0]), seen[0]);
      await embedCached(provider, texts, folder);
      assert.equal(provider.calls, 2, "the file has been repaired");
    }));
}

Deno.test("cheap providers leave no file", () =>
  inFolder(async (folder) => {
    await embedCached(counting({ cheap: true }), ["a"], folder);
    assert.equal([...Deno.readDirSync(folder)].length, 0);
  }));

Deno.test("a slow provider's parts are stored as they are made, and the next run goes on there", () =>
  inFolder(async (folder) => {
    const texts = Array.from({ length: 600 }, (_, i) => "x".repeat(i % 7));
    const plain = counting({ slow: true });
    const failing = counting({
      slow: true,
      embed: async (part) => {
        if (plain.calls === 2) throw new Error("stopped");
        return await plain.embed(part);
      },
    });
    await assert.rejects(embedCached(failing, texts, folder), { message: "stopped" });
    const told: number[] = [];
    const vectors = await embedCached(plain, texts, folder, (done) => told.push(done));
    assert.equal(plain.calls, 3, "two parts were there");
    assert.deepEqual([...vectors.data.filter((_, j) => j % 2 === 0)], texts.map((t) => t.length));
    assert.deepEqual(told, [256, 512, 600]);
    assert.deepEqual((await Array.fromAsync(Deno.readDir(folder))).length, 1, "parts are gone");
    const again = counting({ slow: true });
    assert.deepEqual(await embedCached(again, texts, folder), vectors);
    assert.equal(again.calls, 0);
  }));
