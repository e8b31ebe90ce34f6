/**
 * Inference with a language model: a model's record is read once, its keys and values serve all queries.
 *
 * A record takes layers × 2 × tokens × (query heads × head width) numbers of memory, about 200 MB for K = 500
 * and a language model of half a billion parameters: keys and values are kept repeated for the query heads.
 * @module
 */
import { Graph } from "../../nn/graph.ts";
import { bind, type Bound } from "../../nn/parameters.ts";
import { Program } from "../../nn/program.ts";
import type { SessionOptions } from "../../onnx/session.ts";
import { type EncodedRecord, remembered } from "../reader.ts";
import type { Record } from "../record.ts";
import { answerTargets, readRecord, recordFeed, targetFeed } from "./graph.ts";
import { roundedLength } from "./batch.ts";
import { targetPrompt } from "./prompts.ts";
import type { TextRouter } from "./model.ts";

/** Queries answered in one run of the language model. */
const BATCH = 16;

interface Compiled {
  readonly program: Program;
  readonly bound: Bound;
}

/** Reads records and answers queries with a router's present weights. */
export class TextReader {
  readonly #programs = new Map<string, Promise<Compiled>>();

  /** Programs are compiled when a length is first met. */
  constructor(readonly router: TextRouter, private readonly options: SessionOptions = {}) {}

  /**
   * Reads a record.
   * @throws {DataError} when its prompt does not fit the language model
   */
  async encode(record: Record): Promise<EncodedRecord> {
    const { router } = this, { length, feeds } = recordFeed(router, record);
    const K = record.labels.length;
    const { program, bound } = await this.#compiled(`record ${length} ${K}`, (graph, parameter) => {
      readRecord(graph, parameter, router, length, K).forEach(({ keys, values }, i) => {
        graph.output(`keys ${i}`, keys);
        graph.output(`values ${i}`, values);
      });
    });
    const made = await program.run({ ...feeds, ...bound.feeds });
    // A program's outputs are its own and change with the next run.
    const memory = Object.entries(made).map(([name, data]) => [name, data.slice()]);
    return { length, memory: Object.fromEntries(memory) };
  }

  /**
   * ℓ(i, m) = logit(Yes) − logit(No) for "model m solves query i", row-major [texts × records]; the score is
   * σ(ℓ). A model's column depends on its own record only.
   * @throws {DataError} when a record and a query together do not fit the language model
   */
  async answer(texts: readonly string[], records: readonly EncodedRecord[]): Promise<Float64Array> {
    const { router } = this, { tokenizer } = router.backbone, M = records.length;
    const out = new Float64Array(texts.length * M);
    const prompts = texts.map((text) => targetPrompt(tokenizer, text));
    const order = prompts.map((_, i) => i)
      .sort((a, b) => prompts[a].length - prompts[b].length || a - b);
    for (let at = 0; at < order.length; at += BATCH) {
      const rows = order.slice(at, at + BATCH), last = rows.at(-1)!;
      const length = roundedLength(prompts[last].length);
      const filled = Array.from({ length: BATCH }, (_, i) => prompts[rows[i] ?? last]);
      for (const [m, { length: start, memory }] of records.entries()) {
        const { program, bound } = await this.#answerer(start, length);
        const feeds = { ...bound.feeds, ...memory, ...targetFeed(router, filled, length, start) };
        const { logits } = await program.run(feeds);
        rows.forEach((i, b) => out[i * M + m] = logits[b]);
      }
    }
    return out;
  }

  /** Frees all programs; the reader may be used again and compiles again. */
  async release(): Promise<void> {
    const all = await Promise.all(this.#programs.values());
    this.#programs.clear();
    for (const { program } of all) await program.release();
  }

  #answerer(start: number, length: number): Promise<Compiled> {
    const { router } = this, { backbone } = router, shape = backbone.memoryShape(start);
    return this.#compiled(`target ${start} ${length}`, (graph, parameter) => {
      const memory = Array.from({ length: backbone.layers }, (_, i) => ({
        keys: graph.input(`keys ${i}`, shape),
        values: graph.input(`values ${i}`, shape),
      }));
      graph.output("logits", answerTargets(graph, parameter, router, memory, BATCH, length));
    });
  }

  #compiled(key: string, build: (graph: Graph, parameter: Bound) => void): Promise<Compiled> {
    return remembered(this.#programs, key, async () => {
      const graph = new Graph(), bound = bind(graph, this.router.backbone.parameters, () => true);
      build(graph, bound);
      return { program: await Program.compile(graph, this.options), bound };
    });
  }
}
