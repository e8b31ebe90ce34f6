/**
 * The aptitude report of Model-SAT in words, and what a language model's lower blocks make of it. Used by
 * `_model_sat_lm.ts`.
 * @module
 */
import { DataError, random } from "../src/router/mod.ts";
import { Programs } from "../src/nn/mod.ts";
import type { StateModel } from "../src/lm/backbone.ts";
import { openDecoder } from "../src/lm/decoder.ts";

/** Words that name a category. */
const WORDS = 5;

/** The inquiry stands before the query, whose vector is the last token and where the answer is read. */
const INQUIRY = "\nCan this model handle the following query? Answer Yes or No.\nQuery:";

/**
 * Five words a category: those that more of its queries have than of the others. Equal ones by the alphabet.
 * @param of category of every text
 */
export function keywords(
  texts: readonly string[],
  of: ArrayLike<number>,
  categories: number,
): string[] {
  const sizes = new Float64Array(categories), counts = new Map<string, Float64Array>();
  texts.forEach((text, i) => {
    sizes[of[i]]++;
    for (const word of new Set(text.toLowerCase().match(/\p{L}{3,}/gu))) {
      if (!counts.has(word)) counts.set(word, new Float64Array(categories));
      counts.get(word)![of[i]]++;
    }
  });
  const words = [...counts].sort(([a], [b]) => a < b ? -1 : 1);
  const totals = words.map(([, own]) => own.reduce((a, b) => a + b));
  return Array.from(sizes, (size, c) => {
    const lift = words.map(([, own], w) =>
      own[c] / size - (totals[w] - own[c]) / Math.max(1, texts.length - size)
    );
    const order = [...words.keys()].sort((a, b) => lift[b] - lift[a] || a - b);
    return order.slice(0, WORDS).map((w) => words[w][0]).join(", ");
  });
}

/** A report and the inquiry. @param accuracies per category; two decimals, so that all reports are as long */
export function reportText(accuracies: ArrayLike<number>, names: readonly string[]): string {
  const lines = names.map((name, c) =>
    `accuracy ${accuracies[c].toFixed(2)} on the task of '${name}'`
  );
  return `Aptitude test of the model: ${lines.join(", ")}.${INQUIRY}`;
}

/** The control: a report that says the mean of the categories only. */
export function overallText(accuracies: ArrayLike<number>): string {
  const mean = Array.from(accuracies).reduce((a, b) => a + b) / accuracies.length;
  return `Aptitude test of the model: accuracy ${mean.toFixed(2)} over all tasks.${INQUIRY}`;
}

/** The lower blocks of a language model, which read reports token by token. */
export class LowerBlocks {
  readonly #programs: Programs;

  private constructor(private readonly model: StateModel) {
    this.#programs = new Programs(model.parameters, { most: 1 });
  }

  /** Opens the first blocks of a model. @throws as `openDecoder` does */
  static async open(folder: string, blocks: number): Promise<LowerBlocks> {
    return new LowerBlocks(
      await openDecoder(folder, { tuning: "frozen", blocks, random: random(0) }),
    );
  }

  /**
   * States of every text's tokens behind the blocks [tokens × width].
   * @param expected how many tokens a text has; any number, but all the same, if absent
   * @throws {DataError} when texts differ in length
   */
  async states(texts: readonly string[], expected?: number): Promise<Float32Array[]> {
    const { tokenizer, width } = this.model, made: Float32Array[] = [];
    for (const text of texts) {
      const ids = tokenizer.encode(text), length = expected ?? ids.length;
      expected = length;
      if (ids.length !== length) {
        throw new DataError(`reports of ${length} and ${ids.length} tokens; all must be as long`);
      }
      const { states } = await this.#programs.run(`${length}`, (graph, parameter) => {
        const rows = graph.input("rows", [1, length, width]);
        graph.output("states", this.model.states(parameter, rows));
      }, { rows: this.model.embed(ids) });
      made.push(states.slice());
    }
    return made;
  }
}
