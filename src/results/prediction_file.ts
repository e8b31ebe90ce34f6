/**
 * The prediction file beside a result whose run kept them: what every competing router predicted for every test row.
 *
 * Unpacked: the `f64` values (little endian), row-major [T × M], of one entry of the decision file after the other;
 * entries without predictions have none. Whole doubles, so that calibration can be computed again to the last digit.
 * @module
 */
import { DataError, VerificationError } from "../base/errors.ts";
import { pack, unpack } from "../base/files.ts";
import { sha256 } from "../base/hash.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import { columnMeans } from "../router/training.ts";
import { decide, tieOrder } from "../router/decide.ts";
import { cells } from "../run/open_split.ts";
import { outcomesOf } from "../run/join.ts";
import { summarisePredictions } from "../run/predictions.ts";
import type { Split } from "../splits/split.ts";
import { testRows } from "../evaluate/decisions.ts";
import { type DecisionEntry, named } from "./decision_file.ts";
import { rounded } from "./result.ts";
import { sameOrThrow } from "./same.ts";

/** Predicted qualities [T × M] of one entry, NaN = not predicted; undefined where there are none. */
export type Predicted = Float64Array | undefined;

/** Packs predictions, one an entry; returns the file's bytes and the hash of its unpacked content. */
export function encodePredictions(
  predicted: readonly Predicted[],
): { bytes: Uint8Array; sha256: string } {
  const all = new Float64Array(predicted.reduce((n, own) => n + (own?.length ?? 0), 0));
  let at = 0;
  for (const own of predicted) {
    if (own) all.set(own, at), at += own.length;
  }
  const plain = new Uint8Array(all.buffer);
  return { bytes: pack(plain), sha256: sha256(plain) };
}

/**
 * Reads {@link encodePredictions}'s bytes.
 *
 * @param entries those of the decision file, in its order
 * @throws {DataError} naming the file and what is wrong with it
 */
export function decodePredictions(
  bytes: Uint8Array,
  entries: readonly DecisionEntry[],
  where: string,
  expectedSha256: string,
): Predicted[] {
  const plain = unpack(bytes, where);
  if (sha256(plain) !== expectedSha256) {
    throw new DataError(
      `${where}: its content has sha256 ${sha256(plain)}, the result names ${expectedSha256}`,
    );
  }
  const sizes = entries.map((entry) => entry.predictions ? rowsOf(entry) * entry.models.length : 0);
  const expected = 8 * sizes.reduce((a, b) => a + b, 0);
  if (plain.length !== expected) {
    throw new DataError(`${where}: ${plain.length} bytes, the decisions need ${expected}`);
  }
  const all = new Float64Array(new Uint8Array(plain).buffer); // memory of its own, which is aligned
  let at = 0;
  return sizes.map((size) => size === 0 ? undefined : all.slice(at, at += size));
}

function rowsOf({ choice, columns }: DecisionEntry): number {
  return choice.length / columns.length;
}

/**
 * Computes again what follows from predictions: the headline decisions, and the numbers from predictions.
 * @returns how many numbers were compared
 * @throws {VerificationError} naming the entry that does not follow
 */
export function checkPredictions(
  where: string,
  predicted: readonly Predicted[],
  entries: readonly DecisionEntry[],
  splits: readonly Split[],
  table: OutcomeTable,
): number {
  let numbers = 0;
  entries.forEach((entry, e) => {
    const own = predicted[e], { models, columns, choice, seed, fold, predictions } = entry;
    if (!own || !predictions) return;
    const split = splits.find((s) => s.seed === seed && s.fold === fold)!;
    const rows = testRows(split), learned = learnedRows(split);
    const every = models.map((model) => table.models.indexOf(model));
    const meanCosts = columnMeans(
      cells(table.costs, table.models.length, learned, every),
      models.length,
    );
    const pool = { models, meanCosts };
    const again = decide({ quality: own }, pool);
    const odd = again.findIndex((m, i) => m !== choice[i * columns.length]);
    if (odd >= 0) {
      throw new VerificationError(
        `${where}: ${named(entry)}, test row ${odd}: its predictions choose ${
          models[again[odd]]
        }, ` +
          `the decision is ${models[choice[odd * columns.length]]}`,
      );
    }
    // Ranks are no probabilities: calibration is null there.
    const scale = predictions.brier === null ? "rank" : undefined;
    const summary = summarisePredictions(outcomesOf(table, rows), own, tieOrder(pool), scale);
    numbers += sameOrThrow(
      `${where}: ${named(entry)}`,
      "/predictions",
      predictions,
      rounded(summary),
    );
  });
  return numbers;
}

function learnedRows({ roles }: Split): Uint32Array {
  return Uint32Array.from(roles.split("").keys()).filter((i) => "tv".includes(roles[i]));
}
