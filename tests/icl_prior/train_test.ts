/** Made-up worlds and the training on them: same seed, same bits, stopped or not. */
import assert from "node:assert/strict";
import { matrix } from "../../src/linalg/matrix.ts";
import { random } from "../../src/base/random.ts";
import { sha256 } from "../../src/base/hash.ts";
import { trainPrior } from "../../src/icl_prior/train.ts";
import type { Texts } from "../../src/icl_prior/made_up_queries.ts";
import { drawWorld } from "../../src/icl_prior/worlds.ts";
import { inFolder } from "../support/folder.ts";

/** Forty texts of four topics in two areas. */
const TEXTS: Texts = {
  vectors: matrix(40, 8, Float32Array.from({ length: 320 }, (_, i) => Math.sin(3 * i + (i >> 5)))),
  areas: [0, 20].map((from) =>
    [0, 10].map((more) => Array.from({ length: 10 }, (_, i) => from + more + i))
  ),
};

Deno.test("a world is made of probabilities and of outcomes that follow them", async () => {
  for (let number = 0; number < 6; number++) {
    const { truth, outcomes, readers, recorded, vectors } = await drawWorld(
      TEXTS,
      random(5, number),
    );
    assert.equal(truth.length, vectors.rows * readers);
    assert.ok(recorded >= 60 && truth.every((p) => p >= 0 && p <= 1));
    let gap = 0, count = 0;
    outcomes.forEach((outcome, at) => {
      if (outcome === outcome) gap += outcome - truth[at], count++;
    });
    assert.ok(Math.abs(gap / count) < 0.05, `outcomes are ${gap / count} off their probabilities`);
  }
});

Deno.test("a world is the same for the same seed, and another for another", async () => {
  const hash = async (seed: number): Promise<string> => {
    const { truth, outcomes, vectors } = await drawWorld(TEXTS, random(seed));
    return sha256(JSON.stringify([[...truth], [...outcomes], [...vectors.data]]));
  };
  assert.equal(await hash(1), await hash(1));
  assert.notEqual(await hash(1), await hash(2));
});

Deno.test("training that is stopped and resumed ends with the same bits", async () => {
  await inFolder(async (folder) => {
    const settings = { seed: 3, steps: 6, checkpoint: { path: `${folder}/state`, every: 2 } };
    const whole = await trainPrior(TEXTS, { seed: 3, steps: 6 });
    const stop = new AbortController();
    await assert.rejects(
      trainPrior(TEXTS, {
        ...settings,
        signal: stop.signal,
        progress: (share) => share >= 0.5 && stop.abort(new Error("stopped")),
      }),
      /stopped/,
    );
    const resumed = await trainPrior(TEXTS, settings);
    for (const [name, { data }] of whole) {
      assert.deepEqual(resumed.get(name).data, data, name);
    }
  });
});
