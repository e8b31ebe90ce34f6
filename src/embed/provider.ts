/**
 * What an embedding is to the harness: raw features of a text, independent of any split. Whatever has to
 * be fitted (idf weights, a mean to subtract) is named in {@link Preparation} and fitted elsewhere, on
 * training rows only (`prepare.ts`).
 * @module
 */
import type { Matrix } from "../linalg/matrix.ts";

export type { Device } from "../base/device.ts";

/** What has to be fitted on the training texts of a split before vectors are used. */
export type Preparation = "none" | "centre" | "idf" | "standardise";

/** Called while texts are embedded. */
export type OnProgress = (done: number, total: number) => void;

/** Turns texts into raw features. */
export interface EmbeddingProvider {
  /** As given on the command line: `static`, `hashed-4096`, `onnx:minilm`, `hub:org/name`. */
  readonly name: string;
  /**
   * Names everything the numbers depend on (model bytes, precision, pooling, length limit, batch policy,
   * device, code version). Same key and texts, same vectors.
   */
  readonly key: string;
  /** Length of a vector. */
  readonly width: number;
  /** What must be fitted on training texts. */
  readonly preparation: Preparation;
  /** Written into every result: model, sha256, licence, precision, pooling, device. */
  readonly facts: Readonly<Record<string, string | number>>;
  /** True where computing again is as quick as reading a cache file; nothing is then stored. */
  readonly cheap?: boolean;
  /**
   * True where a dataset takes long and a text's numbers do not depend on its neighbours: finished parts are
   * stored as they are made, so that an interrupted run goes on where it was.
   */
  readonly slow?: boolean;
  /** Raw float32 features, [texts × width]. */
  embed(texts: readonly string[], onProgress?: OnProgress): Promise<Matrix>;
  /**
   * Of vectors that were computed elsewhere: raw float32 features by query id, [ids × width]. Then the
   * texts are not asked.
   * @throws {DataError} for ids without a vector
   */
  vectorsOf?(ids: readonly string[]): Matrix;
}
