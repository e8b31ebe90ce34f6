/**
 * Sizes of ICL-Router (table), by how much there is to learn from.
 * @module
 */
import type { AnswerOptions } from "./answer.ts";
import type { ReconstructionOptions } from "./reconstruct.ts";

/** Everything about a fit that is not data. */
export interface Preset {
  /** As printed. */
  readonly name: "table" | "small";
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

/** Tier T of the specification: about 1.3 million parameters. */
export const TABLE: Preset = {
  name: "table",
  network: { width: 128, layers: 4, heads: 4 },
  vocabulary: 4000,
  profile: 500,
  reconstruction: { tokens: 64, batch: 32, epochs: 3, mostSteps: 300, rate: 1e-3, dropout: 0.1 },
  answer: {
    models: 4,
    targets: 128,
    passes: 5,
    mostSteps: 300,
    rate: 5e-4,
    dropout: 0.1,
    inputDropout: 0.2,
    decay: 0.01,
  },
  judged: 400,
};

/** For a thousand training rows or fewer, where the full size would learn them by heart, slowly. */
export const SMALL: Preset = {
  name: "small",
  network: { width: 48, layers: 2, heads: 2 },
  vocabulary: 1000,
  profile: 100,
  reconstruction: { tokens: 24, batch: 16, epochs: 1, mostSteps: 30, rate: 3e-3, dropout: 0 },
  answer: {
    models: 4,
    targets: 48,
    passes: 5,
    mostSteps: 80,
    rate: 3e-3,
    dropout: 0,
    inputDropout: 0.2,
    decay: 0.01,
  },
  judged: 300,
};

/** Training rows from which {@link TABLE} is used. */
export const ENOUGH_ROWS = 1500;

/** The preset for so many training rows. */
export function presetFor(rows: number): Preset {
  return rows >= ENOUGH_ROWS ? TABLE : SMALL;
}
