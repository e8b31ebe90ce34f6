/**
 * What stage 1 of ICL-Router learns on a dataset, as a small JSON file:
 * `results/<dataset>@<version>/stage1.<embedding>[.seed-<n>].json`. No decisions, so no result in the sense of
 * `result.ts`: nothing of it can be recomputed without training again, and only its closing hash guards it.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { readJson } from "../base/files.ts";
import { hashJson } from "../base/hash.ts";
import { rounded } from "./result.ts";
import { formOf } from "./form.ts";

/** The content of a stage 1 file. */
export interface Stage1Report {
  /** Says what the file is. */
  readonly format: "icl-router-bench/stage1";
  /** Version of this form. */
  readonly formatVersion: 1;
  /** The command that makes this file again. */
  readonly command: string;
  /** Version and code hash of the harness. */
  readonly harness: { readonly version: string; readonly sha256: string };
  /** Runtime and machine type. */
  readonly environment: Readonly<Record<string, string>>;
  /** The dataset view. */
  readonly dataset: {
    readonly name: string;
    readonly version: string;
    readonly sha256: string;
    readonly synthetic: boolean;
  };
  /** The embedding. */
  readonly embedding: { readonly name: string; readonly key: string };
  /** Seed of the ID split. */
  readonly seed: number;
  /** SHA-256 of the split. */
  readonly splitSha256: string;
  /** Sizes used, `table` or `small`. */
  readonly preset: string;
  /** Learned numbers, those of stage 2 included. */
  readonly parameters: number;
  /** Training steps. */
  readonly steps: number;
  /** Training texts. */
  readonly trainingTexts: number;
  /** Validation texts measured. */
  readonly validationTexts: number;
  /** Tokens in the vocabulary. */
  readonly vocabulary: number;
  /** Most tokens of a text that are written. */
  readonly tokens: number;
  /** Mean loss on validation texts, nats a token. */
  readonly loss: {
    /** Every text from its own vector. */
    readonly own: number;
    /** The same network, every text from the vector of another. */
    readonly shuffled: number;
    /** A network trained on texts with the vectors of others: it can learn the language, but no vector. */
    readonly trainedShuffled: number;
  };
  /** Texts with what the network wrote, generated datasets only: recorded texts are not published. */
  readonly samples?: readonly Stage1Sample[];
  /** Hash of all of the above in canonical JSON. */
  readonly sha256: string;
}

/** A validation text and what the network made of its vector. */
export interface Stage1Sample {
  /** The text, cut to the tokens that are written. */
  readonly text: string;
  /** The likeliest token at every step. */
  readonly written: string;
}

const TEXT = { type: "string" }, COUNT = { type: "integer", minimum: 0 };
const LOSS = { type: "number", minimum: 0 };

const FORM = formOf(closed({
  format: { const: "icl-router-bench/stage1" },
  formatVersion: { const: 1 },
  command: TEXT,
  harness: closed({ version: TEXT, sha256: TEXT }),
  environment: { type: "object", additionalProperties: TEXT },
  dataset: closed({ name: TEXT, version: TEXT, sha256: TEXT, synthetic: { type: "boolean" } }),
  embedding: closed({ name: TEXT, key: TEXT }),
  seed: COUNT,
  splitSha256: TEXT,
  preset: TEXT,
  parameters: COUNT,
  steps: COUNT,
  trainingTexts: COUNT,
  validationTexts: COUNT,
  vocabulary: COUNT,
  tokens: COUNT,
  loss: closed({ own: LOSS, shuffled: LOSS, trainedShuffled: LOSS }),
  samples: { type: "array", items: closed({ text: TEXT, written: TEXT }) },
  sha256: TEXT,
}, ["samples"]));

/** Rounds the numbers and adds the closing hash. */
export function sealStage1(report: Omit<Stage1Report, "sha256">): Stage1Report {
  const content = rounded(report);
  return { ...content, sha256: hashJson(content) };
}

/**
 * Reads a stage 1 file and checks its form and its closing hash.
 * @throws {DataError} naming the file, the field and what was expected
 */
export async function readStage1(path: string): Promise<Stage1Report> {
  const value = await readJson(path);
  FORM.check(value, path);
  const { sha256, ...content } = value as Stage1Report;
  if (hashJson(content) !== sha256) {
    throw new DataError(`${path}: /sha256 does not match the content; the file was altered`);
  }
  if (content.samples && !content.dataset.synthetic) {
    throw new DataError(
      `${path}: /samples must be absent; texts of recorded data are not published`,
    );
  }
  return value as Stage1Report;
}

/** An object with exactly these members, all required but the optional ones. */
function closed(properties: Readonly<Record<string, object>>, optional: string[] = []): object {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", additionalProperties: false, properties, required };
}
