/** What models need, by arithmetic, beside the numbers of parameters that their publishers state. */
import assert from "node:assert/strict";
import { defaultLayer, needsOf, PRESETS } from "../../src/lm/presets.ts";

/** As the model hub shows them; MiniLM's without its pooler, of 384 · 384 + 384. */
const PUBLISHED: Record<string, number> = {
  smollm2: 134_515_008,
  "smollm2-q4_1": 134_515_008,
  "smollm2-360m": 361_821_120,
  "smollm2-1.7b": 1_711_376_384,
  "qwen2.5-0.5b": 494_032_768,
  "qwen2.5-1.5b": 1_543_714_304,
  "qwen2.5-7b": 7_615_616_512,
  "qwen3-embedding-0.6b": 595_776_512,
  "qwen3-embedding-8b": 7_567_295_488,
  minilm: 22_713_216 - 147_840,
  "minilm-hub": 22_713_216 - 147_840,
};

Deno.test("sizes give the published numbers of parameters", () => {
  assert.deepEqual(
    Object.fromEntries(
      Object.entries(PRESETS).map(([id, p]) => [id, needsOf(p.config).parameters]),
    ),
    PUBLISHED,
  );
});

Deno.test("needs of SmolLM2 by hand", () => {
  const block = 2 * 576 * 576 + 2 * 576 * 192 + 3 * 576 * 1536 + 2 * 576, table = 49152 * 576;
  assert.deepEqual(needsOf(PRESETS.smollm2.config), {
    parameters: table + 30 * block + 576,
    layers: 30,
    layer: 20,
    bytes: 4 * (table + 30 * block + 576),
    embedBytes: 4 * (table + 20 * block),
    embedFlops: 2 * 20 * block,
    trainFlops: 4 * 30 * block,
  });
  assert.deepEqual([defaultLayer("llama", 24), defaultLayer("bert", 6)], [16, 6]);
});

Deno.test("what is pinned looks like it", () => {
  for (const { revision, files = [], weights, hub, npm } of Object.values(PRESETS)) {
    if (revision !== undefined) assert.match(revision, /^[0-9a-f]{40}$/);
    if (weights !== undefined) assert.match(weights, /^[0-9a-f]{64}$/);
    for (const { sha256 } of files) if (sha256) assert.match(sha256, /^[0-9a-f]{64}$/);
    if (npm) assert.match(npm.sha256, /^[0-9a-f]{64}$/);
    if (npm) assert.ok(weights !== undefined && hub === undefined);
    if (revision !== undefined) assert.ok(hub && files.every(({ sha256 }) => sha256));
  }
});
