/**
 * Reading: records and queries into the trained network, P(right) out.
 * @module
 */
import type { Matrix } from "../linalg/matrix.ts";
import type { Parameters } from "../nn/parameters.ts";
import { Programs } from "../nn/programs.ts";
import { sigmoid } from "../nn/layers.ts";
import { answerLogits, OWN, type ReadingFeeds, type ReadingShape, TOKEN } from "./network.ts";
import type { KnownPool, Surroundings } from "./surroundings.ts";

/** Longest record the network was trained to read. */
export const LONGEST = 128;
/** Shortest record that a graph is built for; shorter ones are filled up. */
const SHORTEST = 4;
/** Targets a block, at most. */
const BLOCK = 512;

/** Queries with what lies around them. */
export interface Placed {
  /** Their vectors [Q × D]. */
  readonly vectors: Matrix;
  /** What the pool's records say around them. */
  readonly around: Surroundings;
}

/** Placed queries, with what the whole records of G models say around them. */
export interface Asked extends Placed {
  /** As `ownAround` gives it, [G × queries × OWN]. */
  readonly own: Float32Array;
}

/** Records of G models on the same K ≤ {@link LONGEST} queries. */
export interface ReadRecords extends Asked {
  /** Scores [K × G], NaN = missing. */
  readonly scores: Float64Array;
  /** G. */
  readonly models: number;
}

/** Reads records with one set of weights. */
export class Reader {
  readonly #programs: Programs;

  /** Nothing is compiled yet. */
  constructor(parameters: Parameters) {
    this.#programs = new Programs(parameters);
  }

  /** P(right) of every target and model, [Q × G]. */
  async read(pool: KnownPool, records: ReadRecords, targets: Asked): Promise<Float64Array> {
    const G = records.models, Q = targets.vectors.rows, out = new Float64Array(Q * G);
    const shape = shapeOf(pool, records, Q), { items: K, targets: B } = shape;
    const { labels, known } = recordFeeds(records, K);
    const { mean, deviation } = pool.cosine;
    const scale = Float32Array.of(mean, 1 / deviation);
    for (let start = 0; start < Q; start += B) {
      const end = Math.min(Q, start + B);
      const joined = (of: (x: Asked) => Float32Array, width: number, blocks = 1): Float32Array => {
        const made = new Float32Array(blocks * (K + B) * width),
          item = of(records),
          target = of(targets);
        for (let g = 0; g < blocks; g++) {
          const to = g * (K + B) * width;
          made.set(part(item, g, records.vectors.rows, width, 0, records.vectors.rows), to);
          made.set(part(target, g, Q, width, start, end), to + K * width);
        }
        return made;
      };
      const [D, M, C] = shape.widths;
      const feeds: ReadingFeeds = {
        vectors: joined((x) => x.vectors.data, D),
        behaviour: joined((x) => x.around.behaviour, M),
        votes: joined((x) => x.around.votes, C),
        tokens: joined((x) => x.around.tokens, TOKEN),
        own: joined((x) => x.own, OWN, G),
        scale,
        labels,
        known,
      };
      const { right } = await this.#programs.run(JSON.stringify(shape), (graph, parameter) => {
        graph.output("right", sigmoid(answerLogits(graph, parameter, shape)));
      }, feeds);
      for (let i = start; i < end; i++) {
        for (let g = 0; g < G; g++) out[i * G + g] = right[g * B + i - start];
      }
    }
    return out;
  }
}

/** Rows `from` to `to` of block g of an array [blocks × rows × width]. */
function part(
  data: Float32Array,
  g: number,
  rows: number,
  width: number,
  from: number,
  to: number,
): Float32Array {
  return data.subarray((g * rows + from) * width, (g * rows + to) * width);
}

/** Records are filled up to a power of two, blocks too: few graphs are compiled. */
function shapeOf({ records }: KnownPool, read: ReadRecords, Q: number): ReadingShape {
  const upTo = (least: number, n: number): number =>
    Math.max(least, 2 ** Math.ceil(Math.log2(Math.max(1, n))));
  return {
    models: read.models,
    items: upTo(SHORTEST, read.vectors.rows),
    targets: Math.min(BLOCK, upTo(1, Q)),
    widths: [read.vectors.width, records.models, records.taskCount],
  };
}

function recordFeeds(
  { scores, models: G }: ReadRecords,
  K: number,
): { labels: Float32Array; known: Float32Array } {
  const labels = new Float32Array(G * K), known = new Float32Array(G * K);
  for (let k = 0; k < scores.length / G; k++) {
    for (let g = 0; g < G; g++) {
      const score = scores[k * G + g];
      if (score === score) labels[g * K + k] = score, known[g * K + k] = 1;
    }
  }
  return { labels, known };
}
