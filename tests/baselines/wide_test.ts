/** Every router of `baselines/` takes vectors as wide as a language model's states. */
import assert from "node:assert/strict";
import { random } from "../../src/base/random.ts";
import { isSequential } from "../../src/router/sequential.ts";
import { trackedRouters } from "../support/tracked.ts";
import { batch, CONTEXT, training } from "../router/hand.ts";

const WIDTH = 1024, draw = random(1);

function unit(): number[] {
  const x = Array.from({ length: WIDTH }, () => draw.normal());
  return x.map((v) => v / Math.hypot(...x));
}

const vectors = Array.from({ length: 60 }, unit);
const scores = vectors.map(([a, b, c]) => [a, b, c].map((v) => Number(v > 0)));

for (const { id, router } of await trackedRouters()) {
  if (isSequential(router) || router.effort === "minutes" || router.needs?.length) continue;
  Deno.test(`${id}: vectors of width ${WIDTH}`, async () => {
    const rows = (from: number, to: number): ReturnType<typeof training> =>
      training(vectors.slice(from, to), scores.slice(from, to));
    const train = { ...rows(0, 40), validation: rows(40, 50) };
    const fitted = await router.fit(train, router.grid[0], CONTEXT);
    const predicted = await fitted.predict(batch(vectors.slice(50)));
    assert.ok("quality" in predicted);
    assert.equal(predicted.quality.length, 30);
    assert.ok(predicted.quality.every((p) => !Number.isNaN(p)));
  });
}
