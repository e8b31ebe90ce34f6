import assert from "node:assert/strict";
import { join } from "node:path";
import { DataError } from "../../src/base/errors.ts";
import { loop } from "../../src/nn/trainer.ts";
import { startParameters, STEPS, tinyStep, tinyTrainer, train } from "./tiny_training.ts";

/** The final weights of a run that nothing disturbs. */
async function undisturbed(): Promise<Map<string, Float32Array>> {
  const parameters = startParameters(), trainer = tinyTrainer(parameters);
  while (trainer.step < STEPS) await tinyStep(trainer);
  await trainer.release();
  return parameters.snapshot();
}

Deno.test("an abort ends the loop between two steps, and the checkpoint resumes it with the same bits", async () => {
  const folder = await Deno.makeTempDir(), path = join(folder, "state.safetensors");
  const controller = new AbortController(), reason = new Error("enough");
  const heard: number[] = [];
  const progress = (share: number): void => {
    heard.push(share);
    if (heard.length === 3) controller.abort(reason);
  };
  const run = { path, steps: STEPS };
  await assert.rejects(train(run, { signal: controller.signal, progress }), reason);
  const signal = new AbortController().signal;
  const resumed = await train(run, { signal, progress: (share) => void heard.push(share) });
  assert.deepEqual(heard, [1, 2, 3, 4, 5, 6].map((step) => step / STEPS));
  assert.deepEqual(resumed, await undisturbed());
  // What is done is not done again.
  assert.deepEqual(await train(run, { signal, progress: () => assert.fail("a step") }), resumed);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("an aborted signal lets no step begin", async () => {
  const trainer = tinyTrainer(startParameters());
  const signal = AbortSignal.abort(new Error("before"));
  await assert.rejects(loop(trainer, { steps: 3, signal }, () => assert.fail("a step")), {
    message: "before",
  });
});

Deno.test("a step may end the loop, and checkpoints come as often as told", async () => {
  const folder = await Deno.makeTempDir(), path = join(folder, "state.safetensors");
  const trainer = tinyTrainer(startParameters());
  const checkpoint = { path, every: 2 };
  await loop(trainer, { steps: STEPS, checkpoint }, async (index) => {
    await tinyStep(trainer);
    if (index === 2) return "stop";
  });
  assert.equal(trainer.step, 3);
  const resumed = tinyTrainer(startParameters());
  const seen: number[] = [];
  await loop(resumed, { steps: 4, checkpoint }, async (index) => {
    seen.push(index);
    await tinyStep(resumed);
  });
  assert.deepEqual(seen, [2, 3]);
  await trainer.release();
  await resumed.release();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a checkpoint that cannot be read is not silently trained over", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, "nonsense");
  const trainer = tinyTrainer(startParameters()), checkpoint = { path, every: 1 };
  await assert.rejects(
    loop(trainer, { steps: 1, checkpoint }, () => assert.fail("a step")),
    DataError,
  );
  assert.equal(await Deno.readTextFile(path), "nonsense");
  await Deno.remove(path);
});
