/** Predictions beside a result: written on request, and everything that follows from them computed again. */
import assert from "node:assert/strict";
import { sha256 } from "../../src/base/hash.ts";
import { pack } from "../../src/base/files.ts";
import { DataError, VerificationError } from "../../src/base/errors.ts";
import { openResult } from "../../src/results/open.ts";
import { verifyResult } from "../../src/results/verify.ts";
import { realRun, withFolder } from "./fixture.ts";
import { loose, resealed } from "./forge.ts";

const SETTINGS = { routers: ["ridge", "avengers"], keep: "predictions" } as const;

/** Puts other predictions in place, with all hashes renewed. */
async function forged(
  path: string,
  change: (predicted: readonly (Float64Array | undefined)[]) => void,
): Promise<void> {
  const { result, predicted } = await openResult(path);
  change(predicted!);
  const all = Float64Array.from(predicted!.flatMap((own) => own ? [...own] : []));
  const plain = new Uint8Array(all.buffer), copy = loose(result);
  copy.predictions.sha256 = sha256(plain);
  await Deno.writeFile(path.replace(/\.json$/, ".predictions.gz"), pack(plain));
  await Deno.writeTextFile(path, resealed(copy));
}

Deno.test("kept predictions give the same decisions and calibration again; without them nothing else changes", () =>
  withFolder(async (folder) => {
    const { path, assembled: { result } } = await realRun(folder, 120, SETTINGS);
    const { predicted, entries } = await openResult(path);
    entries.forEach(({ router, choice, columns, models }, e) => {
      const rows = SETTINGS.routers.some((own) => own === router)
        ? choice.length / columns.length
        : 0;
      assert.equal(predicted![e]?.length ?? 0, rows * models.length, router);
    });
    const { depth, numbers } = await verifyResult(path);
    await Deno.mkdir(`${folder}/plain`);
    const plain = await realRun(`${folder}/plain`, 120, { routers: ["ridge", "avengers"] });
    assert.deepEqual(plain.assembled.result.decisions, result.decisions);
    assert.deepEqual(plain.assembled.result.evaluation, result.evaluation);
    assert.equal(plain.assembled.result.predictions, undefined);
    const without = await verifyResult(plain.path);
    assert.equal(depth, "full");
    assert.ok(numbers > without.numbers, `${numbers} numbers, ${without.numbers} without`);
  }));

Deno.test("predictions that were changed are found out, by their hash or by what follows from them", () =>
  withFolder(async (folder) => {
    const { path } = await realRun(folder, 120, SETTINGS);
    const file = path.replace(/\.json$/, ".predictions.gz"), good = await Deno.readFile(file);
    await Deno.writeFile(file, pack(new Uint8Array(8)));
    await assert.rejects(
      verifyResult(path),
      (error: Error) =>
        error instanceof DataError && /predictions\.gz: its content has sha256/.test(error.message),
    );
    await Deno.writeFile(file, good);
    await forged(path, ([...all]) => all.find((own) => own)![0] += 1e-3);
    await assert.rejects(
      verifyResult(path),
      (error: Error) =>
        error instanceof VerificationError && /ridge, seed 1, fold 0/.test(error.message),
    );
    await forged(path, ([...all]) => all.find((own) => own)!.reverse());
    await assert.rejects(verifyResult(path), /test row \d+: its predictions choose/);
  }));
