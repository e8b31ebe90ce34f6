/**
 * Whether a stored model is what it says: its hash and, where there is one, logits beside a stored reference.
 * @module
 */
import { join } from "node:path";
import { exists, readJson, repoPath } from "../base/files.ts";
import { random } from "../base/random.ts";
import { Graph } from "../nn/graph.ts";
import { reshape } from "../nn/ops.ts";
import { bind } from "../nn/parameters.ts";
import { Program } from "../nn/program.ts";
import { verifySafetensors } from "../nn/safetensors_stream.ts";
import type { Backbone } from "./backbone.ts";
import { openDecoder } from "./decoder.ts";
import type { StoredModel } from "./store.ts";
import type { LmTokenizer, Piece } from "./tokenizer.ts";

/** A text with what another implementation made of it. */
interface Prompt {
  readonly text: string;
  readonly ids: readonly number[];
  /** Ids and logits at the last place, largest first. */
  readonly lastTop20: readonly (readonly [id: number, logit: number])[];
  /** −ln p of every token but the first, given those before it. */
  readonly nats: readonly number[];
}

/** What a check found. */
export interface Check {
  /** SHA-256 of the stored tensors: what the file states and has. */
  readonly sha256: string;
  /** Beside the reference; absent where there is none. */
  readonly reference?: {
    /** Texts in it. */
    readonly prompts: number;
    /** Texts cut into the same tokens. */
    readonly tokenized: number;
    /** Largest difference of a logit. */
    readonly logits: number;
    /** Largest difference of −ln p of a token. */
    readonly nats: number;
  };
}

/** Largest difference of a logit that is an equal model: rounding in another order; and with float16 weights. */
export const TOLERANCE: Readonly<Record<string, number>> = { float32: 1e-3, float16: 5e-2 };

/**
 * Checks a model.
 * @throws {DataError} when its bytes are not those that were stored
 */
export async function checkModel({ id, folder }: StoredModel): Promise<Check> {
  const sha256 = await verifySafetensors(join(folder, "model.safetensors"));
  const path = repoPath("src/lm/references", `${id}.json`);
  if (!await exists(path)) return { sha256 };
  const { prompts } = Object(await readJson(path)) as { prompts: readonly Prompt[] };
  const model = await openDecoder(folder, { tuning: "frozen", random: random(0) });
  const logits = await logitsOf(model, prompts.map(({ ids }) => ids));
  let far = 0, nats = 0, tokenized = 0;
  prompts.forEach(({ text, ids, lastTop20, nats: expected }, p) => {
    if (model.tokenizer.encode(withSpecials(text, model.tokenizer)).join() === ids.join()) {
      tokenized++;
    }
    const last = logits[p].at(-1)!;
    for (const [id, logit] of lastTop20) far = Math.max(far, Math.abs(last[id] - logit));
    expected.forEach((value, t) => {
      nats = Math.max(nats, Math.abs(surprise(logits[p][t], ids[t + 1]) - value));
    });
  });
  return { sha256, reference: { prompts: prompts.length, tokenized, logits: far, nats } };
}

/** Logits of every token of some texts, by one program: a causal model does not look at what is filled up. */
export async function logitsOf(
  model: Backbone,
  texts: readonly (readonly number[])[],
): Promise<Float32Array[][]> {
  const length = Math.max(...texts.map((ids) => ids.length)), { vocabulary, width } = model;
  const graph = new Graph(), parameter = bind(graph, model.parameters, () => true);
  const rows = reshape(model.tokens(graph, parameter, "ids", length), [1, length, width]);
  const decoded = reshape(model.decode(parameter, rows), [length, width]);
  graph.output("logits", model.logits(parameter, decoded));
  const program = await Program.compile(graph), made: Float32Array[][] = [];
  for (const ids of texts) {
    const filled = [...ids, ...new Array<number>(length - ids.length).fill(ids[0])];
    const { logits } = await program.run({ ...parameter.feeds, ...model.feed("ids", filled) });
    made.push(ids.map((_, t) => logits.slice(t * vocabulary, (t + 1) * vocabulary)));
  }
  await program.release();
  return made;
}

/** A reference's prompts name special tokens where queries may not. */
function withSpecials(text: string, { special, hasSpecial }: LmTokenizer): Piece[] {
  return text.split(/(<\|\w+\|>)/).map((piece) => hasSpecial(piece) ? special(piece) : piece);
}

/** −ln softmax(logits)[id]. */
function surprise(logits: Float32Array, id: number): number {
  const top = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = logits.reduce((total, x) => total + Math.exp(x - top), 0);
  return top + Math.log(sum) - logits[id];
}
