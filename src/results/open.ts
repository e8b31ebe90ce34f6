/**
 * Opens a result with the files beside it, every hash checked.
 * @module
 */
import { dirname } from "node:path";
import { DataError } from "../base/errors.ts";
import { readBytes, readJson } from "../base/files.ts";
import { hashJson } from "../base/hash.ts";
import { splitHash } from "../splits/split.ts";
import { unpackSplits } from "../splits/pack.ts";
import { checkEntries } from "./check_entries.ts";
import { checkRun } from "./check_run.ts";
import { decodeDecisions } from "./decision_file.ts";
import { decodePredictions } from "./prediction_file.ts";
import { readResult } from "./result.ts";
import type { OpenedResult } from "./result.ts";

/**
 * Opens a result and the files beside it.
 * @throws {DataError} naming the file and field that does not fit
 * @throws {VerificationError} when the three files contradict each other
 */
export async function openResult(path: string): Promise<OpenedResult> {
  const result = await readResult(path);
  const beside = (file: string): string => `${dirname(path)}/${file}`;
  const decisionPath = beside(result.decisions.file), splitPath = beside(result.splits.file);
  const entries = decodeDecisions(
    await readBytes(decisionPath),
    decisionPath,
    result.decisions.sha256,
  );
  const splits = unpackSplits(await readJson(splitPath), splitPath);
  const hashes = splits.map(splitHash);
  const stray = result.splits.parts.findIndex((part, i) => part.sha256 !== hashes[i]);
  if (stray >= 0) {
    const { seed, name } = result.splits.parts[stray];
    throw new DataError(`${splitPath}: split ${stray} (seed ${seed}, ${name}) is not the result's`);
  }
  if (hashJson(hashes) !== result.splits.sha256) {
    throw new DataError(`${splitPath}: ${splits.length} splits, the result has others`);
  }
  checkEntries(entries, splits, result.dataset.models, decisionPath);
  checkRun(path, decisionPath, { result, entries, splits });
  if (!result.predictions) return { result, entries, splits };
  const predictionPath = beside(result.predictions.file);
  const predicted = decodePredictions(
    await readBytes(predictionPath),
    entries,
    predictionPath,
    result.predictions.sha256,
  );
  return { result, entries, splits, predicted };
}
