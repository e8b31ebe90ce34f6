/**
 * How likely a decoder writes each of some continuations if it may write nothing else (constrained decoding): ln p of
 * their tokens, each among those that may stand there, behind a prefix that all texts share and a text of their own.
 *
 * The prefix is read once, its keys and values serve all texts. Continuations are read side by side as a tree, up to
 * where only one is left; a token sees the prefix, the text and what comes before it in its own continuation, exactly
 * as if each were read alone.
 * @module
 */
import { DataError } from "../base/errors.ts";
import type { Graph } from "../nn/graph.ts";
import { reshape, slice } from "../nn/ops.ts";
import type { Bound } from "../nn/parameters.ts";
import type { Feeds } from "../nn/program.ts";
import { Programs } from "../nn/programs.ts";
import { memoryInputs } from "../nn/transformer.ts";
import type { Backbone } from "./backbone.ts";
import { behindPrefix, memoryOf } from "./shared_heads.ts";

/** A place in the tree of continuations at which more than one is left. */
export interface State {
  /** The token it stands behind; −1 for state 0, which stands behind the text. */
  readonly token: number;
  /** The state before; −1 for state 0. */
  readonly before: number;
  /** Tokens behind the text. */
  readonly depth: number;
  /** Tokens that may follow, in the order of the continuations. */
  readonly options: readonly number[];
}

/** Continuations as a tree. */
export interface ChoiceTree {
  /** State 0 is the end of the text; each comes after the one before it. */
  readonly states: readonly State[];
  /** What every continuation chooses at the states it passes. */
  readonly paths: readonly (readonly { readonly state: number; readonly option: number }[])[];
}

/**
 * Makes a tree of continuations.
 * @throws {RangeError} when one is the beginning of another, or the same
 */
export function choiceTree(choices: readonly (readonly number[])[]): ChoiceTree {
  const states: State[] = [];
  const paths: { state: number; option: number }[][] = choices.map(() => []);
  const grow = (left: readonly number[], token: number, before: number, depth: number): void => {
    const groups = Map.groupBy(left, (c) => choices[c][depth]), options = [...groups.keys()];
    if (options.includes(undefined as never)) {
      throw new RangeError(`continuation ${left[0]} of ${choices.length} ends inside another`);
    }
    const state = states.push({ token, before, depth, options }) - 1;
    for (const [option, next] of options.entries()) {
      const own = groups.get(next)!;
      own.forEach((c) => paths[c].push({ state, option }));
      if (own.length > 1) grow(own, next, state, depth + 1);
    }
  };
  grow([...choices.keys()], -1, -1, 0);
  return { states, paths };
}

/** Continuations behind a prefix. */
export class Choices {
  readonly #programs: Programs;
  /** All tokens that may follow anywhere. */
  readonly #tokens: readonly number[];

  private constructor(
    private readonly model: Backbone,
    private readonly prefix: number,
    private readonly memory: Feeds,
    private readonly tree: ChoiceTree,
  ) {
    this.#programs = new Programs(model.parameters, { most: 1 });
    this.#tokens = [...new Set(tree.states.flatMap((state) => state.options))];
  }

  /** Reads the prefix. @throws {RangeError} see {@link choiceTree} */
  static async open(
    model: Backbone,
    prefix: readonly number[],
    choices: readonly (readonly number[])[],
  ): Promise<Choices> {
    const tree = choiceTree(choices), programs = new Programs(model.parameters);
    const memory = await memoryOf(model, programs, model.embed(prefix));
    await programs.release();
    return new Choices(model, prefix.length, memory, tree);
  }

  /**
   * ln p of every continuation behind a text; the sum of p is 1. A program is compiled for the text's length and kept
   * until a text has another: many are best asked by length.
   * @throws {DataError} when the text is empty, or prefix, text and continuations do not fit the model
   */
  async logLikelihoods(text: readonly number[]): Promise<Float64Array> {
    const { model, prefix, tree: { states, paths } } = this, T = text.length;
    if (T === 0) throw new DataError("a text without a token");
    const whole = prefix + T + Math.max(...states.map(({ depth }) => depth));
    if (whole > model.longest) {
      throw new DataError(`a prompt of ${whole} tokens, the model takes ${model.longest}`);
    }
    const read = [...text, ...states.slice(1).map(({ token }) => token)];
    const { logits } = await this.#programs.run(
      `text ${T}`,
      (graph, parameter) => this.#build(graph, parameter, T),
      { ...this.memory, rows: model.embed(read) },
    );
    const place = new Map(this.#tokens.map((token, at) => [token, at]));
    const logs = states.map(({ options }, s) =>
      logShares(options.map((token) => logits[s * place.size + place.get(token)!]))
    );
    return Float64Array.from(
      paths,
      (path) => path.reduce((sum, { state, option }) => sum + logs[state][option], 0),
    );
  }

  /** Frees all programs; what is asked again is compiled again. */
  async release(): Promise<void> {
    await this.#programs.release();
  }

  #build(graph: Graph, parameter: Bound, T: number): void {
    const { model, prefix, tree: { states } } = this, { width } = model;
    const n = T + states.length - 1;
    const known = memoryInputs(graph, model.layers, model.memoryShape(prefix));
    const mask = graph.constant("who sees whom", [n, n], () => this.#mask(T));
    const place = (row: number): number => row < T ? row : T - 1 + states[row - T + 1].depth;
    const decoded = model.decode(parameter, graph.input("rows", [1, n, width]), {
      positions: Array.from({ length: n }, (_, row) => prefix + place(row)),
      attend: (layer, q, own) => behindPrefix(q, known[layer], own, mask),
    });
    const ends = slice(reshape(decoded, [n, width]), 0, T - 1, n);
    graph.output("logits", model.logits(parameter, ends, this.#tokens));
  }

  /** 0 = seen, −10⁹ = hidden: the text is causal, a state sees it and those that lead to it. */
  #mask(T: number): Float32Array {
    const { states } = this.tree, n = T + states.length - 1;
    const mask = new Float32Array(n * n).fill(-1e9);
    for (let row = 0; row < n; row++) {
      mask.fill(0, row * n, row * n + Math.min(row + 1, T));
      for (let state = row - T + 1; state > 0; state = states[state].before) {
        mask[row * n + T + state - 1] = 0;
      }
    }
    return mask;
  }
}

/** ln softmax. */
function logShares(logits: readonly number[]): number[] {
  const top = Math.max(...logits);
  const sum = Math.log(logits.reduce((total, x) => total + Math.exp(x - top), 0));
  return logits.map((x) => x - top - sum);
}
