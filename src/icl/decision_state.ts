/**
 * The decision state of ICL-Router (table): the normalised hidden state at [ANSWER], which its head reads to
 * say whether the model with a record solves a query.
 *
 * Read the way predictions are (`reader.ts`): from a model's cached record, in blocks of fixed size, so that
 * a query's state hangs on the query and the record alone.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { type Matrix, matrix } from "../linalg/matrix.ts";
import { Graph } from "../nn/graph.ts";
import { bind, type Bound, type Parameters } from "../nn/parameters.ts";
import { Program } from "../nn/program.ts";
import type { SessionOptions } from "../nn/runtime.ts";
import { answerStates, prefixInputs } from "./network.ts";
import { BATCH, type EncodedRecord, type Reader, remembered } from "./reader.ts";

/** Reads decision states with a reader's network. */
export class DecisionStates {
  readonly #programs = new Map<number, Promise<{ program: Program; bound: Bound }>>();

  /** Nothing is compiled before the first record of a length. */
  constructor(readonly reader: Reader, private readonly options: SessionOptions = {}) {}

  /**
   * States of queries for the model of a record, [Q × width].
   * @throws {DataError} when the queries' width is not the network's
   */
  async of({ data, rows, width }: Matrix, record: EncodedRecord): Promise<Matrix> {
    const { shape } = this.reader;
    if (width !== shape.input) {
      throw new DataError(
        `query vectors of width ${width}; the network was trained on width ${shape.input}`,
      );
    }
    const { program, bound } = await this.#program(record.length);
    const out = matrix(rows, shape.width), batch = new Float32Array(BATCH * width);
    const feeds = { ...bound.feeds, ...record.memory, targets: batch };
    for (let start = 0; start < rows; start += BATCH) {
      const end = Math.min(start + BATCH, rows);
      batch.fill(0);
      batch.set(data.subarray(start * width, end * width));
      const { states } = await program.run(feeds);
      out.data.set(states.subarray(0, (end - start) * shape.width), start * shape.width);
    }
    return out;
  }

  #program(length: number): Promise<{ program: Program; bound: Bound }> {
    return remembered(this.#programs, length, async () => {
      const { parameters, shape } = this.reader;
      const graph = new Graph({ fused: (this.options.device ?? "cpu") === "cpu" });
      const bound = bind(graph, parameters, () => true);
      const prefixes = prefixInputs(graph, shape, length);
      const targets = graph.input("targets", [BATCH, shape.input]);
      graph.output("states", answerStates(bound, shape, targets, prefixes));
      return { program: await Program.compile(graph, this.options), bound };
    });
  }
}

/** What the head makes of states: ℓ = logit(solved) − logit(not solved). Length Q. */
export function headLogits(parameters: Parameters, { data, rows, width }: Matrix): Float64Array {
  const head = parameters.get("answer_head").data; // [no, yes]
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) out[i] += (head[width + j] - head[j]) * data[i * width + j];
  }
  return out;
}
