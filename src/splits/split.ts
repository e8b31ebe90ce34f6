/**
 * Split manifests: which rows and models a router may see. A split is plain data with a hash; results
 * of different hashes are never merged into one table.
 *
 * Protocols (docs/protocol.md, "Splits"):
 * - `id`: 60/20/20 training, validation, test, stratified by benchmark; `id:published` keeps the test
 *   rows of the source
 * - `ood`: every benchmark is the test once; `ood:5`: whole domains in five folds
 * - `task`: whole tasks in five folds
 * - `new-model`: rows as `id`, a third of the models held out; `new-model:k`: k models
 *
 * Every draw is keyed by seed and query, benchmark, task or model id, never by position.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { hashJson } from "../base/hash.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import type { Profile } from "./profile_order.ts";

/** Seeds of every protocol by default. */
export const SEEDS: readonly number[] = [42, 999, 2024, 2025, 3407];

/** A row's role: training, validation, test, or dropped as a copy of a row on a stricter side. */
export type Role = "t" | "v" | "e" | "d";

/** A frozen split of one dataset view. */
export interface Split {
  /** Version of this form. */
  readonly format: 1;
  /** Name of the dataset view. */
  readonly dataset: string;
  /** SHA-256 of the dataset view. */
  readonly dataSha256: string;
  /** Hash of the query ids that {@link roles} are for, in order. */
  readonly idsSha256: string;
  /** `id`, `id:published`, `ood`, `ood:k`, `task`, `new-model` or `new-model:k`. */
  readonly protocol: string;
  /** Names the draw. */
  readonly seed: number;
  /** Number of the fold among those of its seed. */
  readonly fold: number;
  /** What is held out: benchmarks, domains, models, or a plain number. */
  readonly foldName: string;
  /** One {@link Role} letter a row, in table order. */
  readonly roles: string;
  /** How validation rows were drawn: at random, or as whole benchmarks (`ood:k`: domains) or tasks. */
  readonly validation: "id" | "benchmarks" | "tasks";
  /** Models to be treated as new, ascending; empty unless the protocol is `new-model` (or `new-model:k`). */
  readonly heldOutModels: readonly string[];
  /** New-model protocol only: the rows on which new models are labelled. */
  readonly profile?: Profile;
}

/** What may be chosen about a protocol. */
export interface SplitOptions {
  /** `ood` and `ood:k`: whole benchmarks as validation (default), or random rows as a second arm. */
  readonly validation?: "id" | "benchmarks";
  /** `new-model`: random sets of held-out models a seed, 1…20; 4 by default. */
  readonly subsets?: number;
  /** `new-model`: how profile rows are chosen; `random` by default. */
  readonly selection?: Profile["selection"];
  /** `id`: below this many test rows, five-fold cross-validation takes the place of one split; 500. */
  readonly smallTest?: number;
}

/** What a protocol decides; the rest of a {@link Split} is the same for all. */
export type Cut = Pick<Split, "foldName" | "roles" | "validation" | "profile"> & {
  readonly heldOutModels?: readonly string[];
};

/** Hash of a split: of its canonical JSON. */
export function splitHash(split: Split): string {
  return hashJson(split);
}

/**
 * Makes sure that a split was made for a table.
 * @throws {DataError} when it was made for other data
 */
export function assertSplitFits(split: Split, table: OutcomeTable): void {
  if (split.dataSha256 !== table.dataset.sha256 || split.idsSha256 !== hashJson(table.ids)) {
    throw new DataError(
      `the ${split.protocol} split of ${split.dataset} (seed ${split.seed}, fold ${split.fold}) was ` +
        `made for other data than ${table.dataset.name} version ${table.dataset.version}`,
    );
  }
}
