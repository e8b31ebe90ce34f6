import assert from "node:assert/strict";
import { join } from "node:path";
import { DataError } from "../../src/base/errors.ts";
import type { FittedRouter, PointPredictions } from "../../src/router/contract.ts";
import { readSafetensors, writeSafetensors } from "../../src/nn/safetensors.ts";
import { reconstruct, tableWriter } from "../../src/icl/stage1.ts";
import { fitTable, type Fitted, routerOf } from "../../src/icl/router.ts";
import { type Expected, loadTrained, saveTrained } from "../../src/icl/store.ts";
import {
  column,
  context,
  fresh,
  old,
  profilesOf,
  queries,
  training,
  VARIANT,
} from "./tiny_router.ts";
import { bits } from "./toy.ts";

const fitted = await fitTable(training(old), VARIANT, context());
const M = old.models.length;

async function qualities(router: FittedRouter): Promise<Float64Array> {
  return ((await router.predict(queries())) as PointPredictions).quality;
}

/** Runs with a path in a folder of its own, at which `of` lies. */
async function saved(run: (path: string) => Promise<void>, of: Fitted = fitted): Promise<void> {
  const folder = await Deno.makeTempDir(), path = join(folder, "router.safetensors");
  try {
    await saveTrained(path, of);
    await run(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Expects a refusal that begins with the path. */
async function refused(path: string, message: RegExp, expected?: Expected): Promise<void> {
  await assert.rejects(loadTrained(path, expected), (error: Error) => {
    assert.ok(error instanceof DataError, String(error));
    assert.ok(error.message.startsWith(`${path}: `), error.message);
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("what is loaded is what was saved: predictions, new models, card, bit for bit", async () => {
  await saved(async (path) => {
    const loaded = await loadTrained(path, { width: 32 });
    const { reader, ...rest } = fitted, { reader: own, ...others } = loaded;
    assert.deepEqual({ ...others, bpe: others.bpe.toJSON() }, { ...rest, bpe: rest.bpe.toJSON() });
    assert.deepEqual(bits(own.network.parameters), bits(reader.network.parameters));
    const before = await routerOf(fitted), after = await routerOf(loaded);
    assert.deepEqual(after.models, before.models);
    assert.deepEqual(after.describe(), before.describe());
    assert.deepEqual(await qualities(after), await qualities(before));
    const profiles = profilesOf(fresh, 30);
    const [more, same] = [await before.withModels!(profiles), await after.withModels!(profiles)];
    assert.deepEqual(same.models, more.models);
    assert.deepEqual(await qualities(same), await qualities(more));
    const read = (of: Fitted): Promise<string[]> =>
      reconstruct(
        tableWriter(of.reader.network.parameters, of.reader.network.shape, of.bpe),
        of.profile.vectors,
        6,
      );
    assert.deepEqual(await read(loaded), await read(fitted), "stage 1 reads vectors as before");
  });
});

Deno.test("the same router gives the same bytes, also after it was loaded", async () => {
  await saved(async (path) => {
    const bytes = await Deno.readFile(path);
    await saveTrained(path, await loadTrained(path));
    assert.deepEqual(await Deno.readFile(path), bytes);
    await saveTrained(path, await fitTable(training(old), VARIANT, context()));
    assert.deepEqual(await Deno.readFile(path), bytes);
  });
});

Deno.test("some of its models, in any order, keep their scores", async () => {
  await saved(async (path) => {
    const all = await qualities(await routerOf(fitted)), models = [old.models[2], old.models[0]];
    const few = await routerOf(await loadTrained(path, { models }));
    assert.deepEqual(few.models, models);
    const scores = await qualities(few);
    assert.deepEqual(column(scores, 0, 2), column(all, 2, M));
    assert.deepEqual(column(scores, 1, 2), column(all, 0, M));
  });
});

Deno.test("controls are saved too: shuffled records, models known by name", async () => {
  for (const reading of ["shuffled", "own"] as const) {
    const variant = { ...VARIANT, identity: reading === "own" };
    const control = await fitTable(training(old), variant, context(), reading);
    await saved(async (path) => {
      const before = await qualities(await routerOf(control));
      assert.deepEqual(await qualities(await routerOf(await loadTrained(path))), before);
      const one = await routerOf(await loadTrained(path, { models: [old.models[1]] }));
      assert.deepEqual([...await qualities(one)], column(before, 1, M));
      assert.equal(one.withModels === undefined, reading === "own");
    }, control);
  }
});

Deno.test("what the caller counts on and the file does not have is named", async () => {
  await saved(async (path) => {
    await refused(path, /trained on query vectors of width 32, to be used with width 384/, {
      width: 384,
    });
    await refused(path, /model "zeta" is not in it; it knows ash, cedar, fir/, {
      models: ["ash", "zeta"],
    });
  });
});

Deno.test("a damaged file is refused, wherever the damage is", async () => {
  await saved(async (path) => {
    const good = await Deno.readFile(path);
    for (const at of [3, 40, Math.floor(good.length / 2), good.length - 2]) {
      const bad = good.slice();
      bad[at] ^= 4;
      await Deno.writeFile(path, bad);
      await refused(path, /./);
    }
    await Deno.writeFile(path, good.subarray(0, good.length - 9));
    await refused(path, /./);
    await Deno.writeTextFile(path, "not a router");
    await refused(path, /cut short, or not safetensors/);
    await Deno.remove(path);
    await refused(path, /cannot be read/);
  });
});

Deno.test("a file of another kind, version or content is refused, and what is wrong is said", async () => {
  await saved(async (path) => {
    const { tensors, metadata } = await readSafetensors(path);
    const size = JSON.parse(metadata.shape);
    const facts: [Record<string, string>, RegExp][] = [
      [
        { format: "icl-router text 1" },
        /not a fitted ICL-Router \(table\): format icl-router text 1/,
      ],
      [{ version: "1" }, /version 1 of the format, expected 3/],
      [{ shape: "{}" }, /metadata\.shape: expected the sizes of a network/],
      [{ shape: JSON.stringify({ ...size, heads: 3 }) }, /metadata\.shape/],
      [{ shape: JSON.stringify({ ...size, width: 16 }) }, /"network\.[^]*expected shape \[/],
      [{ shape: JSON.stringify({ ...size, input: 31 }) }, /"network\.projector[^]*expected shape/],
      [{ models: '["ash","ash","fir"]' }, /metadata\.models: expected different names/],
      [{ models: '["ash","fir"]' }, /"profile\.labels": shape \[20,3\], expected shape \[20,2\]/],
      [{ profile: "[1]" }, /metadata\.profile: expected different ids/],
      [{ platt: '{"slope":-1,"shift":0,"cells":1,"status":"fitted"}' }, /metadata\.platt/],
      [{ notes: "nonsense" }, /metadata\.notes/],
      [{ tokenizer: "[]" }, /metadata\.tokenizer/],
      [
        { tokenizer: JSON.stringify({ format: "icl-router-bench/bpe/1", merges: [] }) },
        /vocabulary/,
      ],
    ];
    for (const [change, message] of facts) {
      await writeSafetensors(path, tensors, { ...metadata, ...change });
      await refused(path, message);
    }
    const { format: _, ...formless } = metadata;
    await writeSafetensors(path, tensors, formless);
    await refused(path, /format undefined/);
    const labels = tensors.get("profile.labels")!;
    const half = { shape: labels.shape, data: labels.data.with(2 * M + 1, 0.5) };
    await writeSafetensors(path, new Map([...tensors, ["profile.labels", half]]), metadata);
    const query = JSON.parse(metadata.profile)[2];
    await refused(path, new RegExp(`label of model "cedar" on profile query "${query}" is 0.5`));
    await writeSafetensors(
      path,
      new Map([...tensors].filter(([n]) => n !== "network.norm.weight")),
      metadata,
    );
    await refused(path, /"network\.norm\.weight": nothing, expected shape \[8\]/);
  });
});

Deno.test("a record with a missing label is not saved, and leaves a file there as it was", async () => {
  await saved(async (path) => {
    const before = await Deno.readFile(path);
    const labels = fitted.labels.with(4 * M + 2, NaN);
    await assert.rejects(saveTrained(path, { ...fitted, labels }), (error: Error) => {
      assert.ok(error instanceof DataError);
      assert.match(
        error.message,
        /label of model "fir" on profile query ".*" is missing, expected/,
      );
      return true;
    });
    assert.deepEqual(await Deno.readFile(path), before);
  });
});
