/**
 * Inference with a language model: a model's record is read once, its keys and values serve all queries.
 *
 * A record takes layers × 2 × tokens × (key-value heads × head width) numbers of memory, about 30 MB for K = 500 and
 * a language model of half a billion parameters.
 * @module
 */
import { copied, Programs, type ProgramsOptions } from "../../nn/programs.ts";
import { memoryInputs, memoryOutputs } from "../../nn/transformer.ts";
import type { EncodedRecord } from "../reader.ts";
import type { Record } from "../record.ts";
import { answerTargets, readRecord, recordFeed, targetFeed } from "./graph.ts";
import { KEPT_PROGRAMS, roundedLength } from "./batch.ts";
import { targetPrompt } from "./prompts.ts";
import type { TextRouter } from "./model.ts";

/** Queries answered in one run of the language model. */
const BATCH = 16;

/** Reads records and answers queries with a router's present weights. */
export class TextReader {
  readonly #programs: Programs;

  /** Programs are compiled when a length is first met. */
  constructor(readonly router: TextRouter, options: Omit<ProgramsOptions, "most"> = {}) {
    this.#programs = new Programs(router.backbone.parameters, { ...options, most: KEPT_PROGRAMS });
  }

  /**
   * Reads a record.
   * @throws {DataError} when its prompt does not fit the language model
   */
  async encode(record: Record): Promise<EncodedRecord> {
    const { router } = this, { length, feeds } = recordFeed(router, record);
    const K = record.labels.length;
    const made = await this.#programs.run(`record ${length} ${K}`, (graph, parameter) => {
      memoryOutputs(graph, readRecord(graph, parameter, router, length, K));
    }, feeds);
    return { length, memory: copied(made) };
  }

  /**
   * ℓ(i, m) = logit(Yes) − logit(No) for "model m solves query i", row-major [texts × records]; the score is
   * σ(ℓ). A model's column depends on its own record only.
   * @throws {DataError} when a record and a query together do not fit the language model
   */
  async answer(texts: readonly string[], records: readonly EncodedRecord[]): Promise<Float64Array> {
    const { router } = this, { backbone } = router, M = records.length;
    const out = new Float64Array(texts.length * M);
    const prompts = texts.map((text) => targetPrompt(backbone.tokenizer, text, router.textTokens));
    const order = prompts.map((_, i) => i)
      .sort((a, b) => prompts[a].length - prompts[b].length || a - b);
    for (let at = 0; at < order.length; at += BATCH) {
      const rows = order.slice(at, at + BATCH), last = rows.at(-1)!;
      const length = roundedLength(prompts[last].length);
      const filled = Array.from({ length: BATCH }, (_, i) => prompts[rows[i] ?? last]);
      for (const [m, { length: start, memory }] of records.entries()) {
        const { logits } = await this.#programs.run(
          `target ${start} ${length}`,
          (graph, parameter) => {
            const known = memoryInputs(graph, backbone.layers, backbone.memoryShape(start));
            graph.output("logits", answerTargets(graph, parameter, router, known, BATCH, length));
          },
          { ...memory, ...targetFeed(router, filled, length, start) },
        );
        rows.forEach((i, b) => out[i * M + m] = logits[b]);
      }
    }
    return out;
  }

  /** Frees all programs; the reader may be used again and compiles again. */
  async release(): Promise<void> {
    await this.#programs.release();
  }
}
