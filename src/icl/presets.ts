/**
 * Sizes of ICL-Router (table), by how much there is to learn from.
 * @module
 */
import type { AnswerOptions } from "./stage2.ts";
import type { ReconstructionOptions } from "./stage1.ts";

/** Everything about a fit that is not data. */
export interface Preset {
  /** As printed. */
  readonly name: "table" | "small" | "deep";
  /** Width, layers and heads of the transformer. */
  readonly network: { readonly width: number; readonly layers: number; readonly heads: number };
  /** Byte-pair vocabulary. */
  readonly vocabulary: number;
  /** Profile queries, K; at most a quarter of the training rows. */
  readonly profile: number;
  /** Stage 1. */
  readonly reconstruction: ReconstructionOptions;
  /** Stage 2. */
  readonly answer: AnswerOptions;
  /** Validation rows that early stopping looks at. */
  readonly judged: number;
}

/** For recorded data: 0.33 million parameters, three quarters of them the token table of stage 1. */
export const TABLE: Preset = {
  name: "table",
  network: { width: 64, layers: 1, heads: 2 },
  vocabulary: 4000,
  profile: 500,
  reconstruction: { tokens: 64, batch: 32, epochs: 3, mostSteps: 100, rate: 3e-3, dropout: 0.1 },
  answer: {
    models: 2,
    targets: 128,
    passes: 20,
    mostSteps: 1000,
    rate: 3e-3,
    dropout: 0.1,
    inputDropout: 0.3,
    decay: 0.1,
  },
  judged: 600,
};

/** For few rows: shorter records and a shorter training. */
export const SMALL: Preset = {
  ...TABLE,
  name: "small",
  vocabulary: 1000,
  profile: 100,
  reconstruction: { tokens: 24, batch: 16, epochs: 1, mostSteps: 60, rate: 3e-3, dropout: 0 },
  answer: { ...TABLE.answer, mostSteps: 300 },
};

/** Three blocks, as this router had before it started near. */
export const DEEP: Preset = {
  ...TABLE,
  name: "deep",
  network: { ...TABLE.network, layers: 3 },
};

/** Training rows from which {@link TABLE} is used. */
export const ENOUGH_ROWS = 2000;

/** The preset for a number of training rows. */
export function presetFor(rows: number): Preset {
  return rows >= ENOUGH_ROWS ? TABLE : SMALL;
}
