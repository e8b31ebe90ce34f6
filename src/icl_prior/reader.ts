/**
 * Reading: records and queries into the trained network, P(right) out.
 * @module
 */
import type { Matrix } from "../linalg/matrix.ts";
import type { Parameters } from "../nn/parameters.ts";
import type { Feeds } from "../nn/program.ts";
import { copied, Programs } from "../nn/programs.ts";
import { sigmoid } from "../nn/layers.ts";
import { onceFor } from "../router/training.ts";
import { listen, logitsHearing, OWN, type ReadingShape, TOKEN } from "./network.ts";
import type { KnownPool, Surroundings } from "./surroundings.ts";

/** Longest record the network was trained to read. */
export const LONGEST = 128;
/** Shortest record that a graph is built for; shorter ones are filled up. */
const SHORTEST = 4;
/** Targets a block: few enough for what is computed of them and the items to stay in a cache. */
const SMALLEST_BLOCK = 4, BLOCK = 64;

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
  /** What was read of records, by these. */
  readonly #heard = onceFor<Promise<Feeds>>();

  /** Nothing is compiled yet. */
  constructor(parameters: Parameters) {
    this.#programs = new Programs(parameters);
  }

  /** P(right) of every target and model, [Q × G]. */
  async read(pool: KnownPool, records: ReadRecords, targets: Asked): Promise<Float64Array> {
    const G = records.models, Q = targets.vectors.rows, out = new Float64Array(Q * G);
    const shape = shapeOf(pool, records, Q), { targets: B } = shape;
    const heard = await this.#hear(pool, records, shape);
    for (let start = 0; start < Q; start += B) {
      const end = Math.min(Q, start + B);
      const feeds = { ...heard, ...rowFeeds(targets, G, shape.widths, B, start, end) };
      const { right } = await this.#programs.run(JSON.stringify(shape), (graph, parameter) => {
        graph.output("right", sigmoid(logitsHearing(graph, parameter, shape)));
      }, feeds);
      for (let i = start; i < end; i++) {
        for (let g = 0; g < G; g++) out[i * G + g] = right[g * B + i - start];
      }
    }
    return out;
  }

  /** What targets are fed of records, read once. */
  #hear(pool: KnownPool, records: ReadRecords, shape: ReadingShape): Promise<Feeds> {
    return this.#heard(records, async () => {
      const { models: G, items: K, widths } = shape, { mean, deviation } = pool.cosine;
      const rows = rowFeeds(records, G, widths, K, 0, records.vectors.rows);
      const feeds = { ...recordFeeds(records, K), scale: Float32Array.of(mean, 1 / deviation) };
      const heard = await this.#programs.run(`${G} records of ${K}`, (graph, parameter) => {
        listen(graph, parameter, shape);
      }, { ...rows, ...feeds });
      const items = Object.entries(rows).map(([name, data]) => [`item ${name}`, data]);
      return { ...Object.fromEntries(items), ...feeds, ...copied(heard) };
    });
  }
}

/** Rows `start` to `end` of queries, filled up to `size`, as a graph is fed them. */
function rowFeeds(
  { vectors, around, own }: Asked,
  G: number,
  [D, M, C]: ReadingShape["widths"],
  size: number,
  start: number,
  end: number,
): Feeds & Record<string, Float32Array> {
  const rows = (data: Float32Array, width: number, blocks = 1): Float32Array => {
    const made = new Float32Array(blocks * size * width);
    for (let g = 0; g < blocks; g++) {
      const first = (g * vectors.rows + start) * width, last = first + (end - start) * width;
      made.set(data.subarray(first, last), g * size * width);
    }
    return made;
  };
  return {
    vectors: rows(vectors.data, D),
    behaviour: rows(around.behaviour, M),
    votes: rows(around.votes, C),
    tokens: rows(around.tokens, TOKEN),
    own: rows(own, OWN, G),
  };
}

/** Records are filled up to a power of two, blocks too: few graphs are compiled. */
function shapeOf({ records }: KnownPool, read: ReadRecords, Q: number): ReadingShape {
  const upTo = (least: number, n: number): number =>
    Math.max(least, 2 ** Math.ceil(Math.log2(Math.max(1, n))));
  return {
    models: read.models,
    items: upTo(SHORTEST, read.vectors.rows),
    targets: Math.min(BLOCK, upTo(SMALLEST_BLOCK, Q)),
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
