import assert from "node:assert/strict";
import { join } from "node:path";
import { inBackground } from "../../src/nn/background.ts";
import { STEPS, type TinyRun, train } from "./tiny_training.ts";

const module = new URL("./tiny_training.ts", import.meta.url);
type Weights = Map<string, Float32Array>;

Deno.test("training in the background: progress, abort in the middle, resumed with the same bits", async () => {
  const folder = await Deno.makeTempDir(), path = join(folder, "state.safetensors");
  const run: TinyRun = { path, steps: STEPS, pause: 30 };
  const controller = new AbortController(), reason = new Error("enough");
  const heard: number[] = [];
  const progress = (share: number): void => {
    heard.push(share);
    if (heard.length === 2) controller.abort(reason);
  };
  const { signal } = controller;
  await assert.rejects(inBackground(module, "train", run, { signal, progress }), reason);
  assert.ok(heard.length < STEPS, `${heard.length} steps before the abort was heard`);

  const rest: number[] = [];
  const resumed = await inBackground<TinyRun, Weights>(module.href, "train", run, {
    progress: (share) => void rest.push(share),
  });
  assert.deepEqual([...heard, ...rest], [1, 2, 3, 4, 5, 6].map((step) => step / STEPS));

  const here = { signal: new AbortController().signal, progress: (): void => {} };
  const elsewhere = { path: join(folder, "other.safetensors"), steps: STEPS };
  assert.deepEqual(resumed, await train(elsewhere, here));
  assert.ok(await Deno.readFile(path).then((bytes) => bytes.length > 0));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("errors keep their name, message and exit code", async () => {
  await assert.rejects(inBackground(module, "fail", "x.json: broken"), {
    name: "DataError",
    message: "x.json: broken",
    exitCode: 3,
  });
  await assert.rejects(inBackground(module, "failOddly", null), { message: "odd" });
  await assert.rejects(inBackground(module, "failBehind", null), { message: /behind/ });
});

Deno.test("what cannot run, be sent or be sent back is an error", async () => {
  await assert.rejects(inBackground(module, "nothing", null), {
    name: "TypeError",
    message: /tiny_training.ts exports no function "nothing"/,
  });
  await assert.rejects(inBackground(module, "number", null), { message: /no function "number"/ });
  await assert.rejects(inBackground(new URL("./nowhere.ts", module), "train", null), {
    message: /nowhere/,
  });
  await assert.rejects(inBackground(module, "train", () => {}), { name: "DataCloneError" });
  await assert.rejects(inBackground(module, "returnFunction", null), { name: "DataCloneError" });
});

Deno.test("an abort before the start starts nothing, one that is not heard ends the thread", async () => {
  const before = AbortSignal.abort(new Error("before"));
  await assert.rejects(inBackground(module, "hang", null, { signal: before }), {
    message: "before",
  });
  const after = (milliseconds: number, message: string): AbortSignal => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error(message)), milliseconds);
    return controller.signal;
  };
  const unheard = inBackground(module, "hang", null, { signal: after(50, "too late"), grace: 100 });
  await assert.rejects(unheard, { message: "too late" });
  // A function that ends well after an abort was aborted all the same.
  const heard = inBackground(module, "finishWhenAborted", null, { signal: after(50, "enough") });
  await assert.rejects(heard, { message: "enough" });
});
