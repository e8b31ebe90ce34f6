/**
 * The prompts of ICL-Router with a language model, as token ids (icl-router.md §3.1 and §3.3). The wording is
 * ours: the specification gives the parts and their order, not the sentences.
 * @module
 */
import type { Piece } from "../../lm/tokenizer.ts";
import type { TextTokenizer } from "./tokenizer.ts";

/** "What does this vector say?", in five ways; one is drawn for every text. */
export const PARAPHRASES = [
  "Write out the query that this vector stands for.",
  "What does this vector say? Give the text of the query.",
  "Recover the original query from the vector above.",
  "Turn the vector back into the query it was made from.",
  "Which query is behind this vector? Repeat it word for word.",
] as const;

/** The sentences of the prompts. */
export const WORDING = {
  /** System line of stage 1. */
  assistant: "You are a helpful assistant.",
  /** Stands before the slot of stage 1. */
  announcement: "Here is the vector of a query: ",
  /** System line of stage 2. */
  task: "You are shown the past record of a model: queries, each as a vector, and whether the " +
    "model answered it correctly (Yes) or not (No). Judge from the record whether the model can " +
    "answer a new query. Yes = its answer will be right, No = its answer will be wrong.",
  /** Stands before the record. */
  heading: "The model's performance:\n",
  /** Stands behind the target query. */
  question: "Will the model answer this query correctly? Reply with Yes or No only.",
} as const;

/** Stage 1, up to where the assistant begins to write the query: one slot. */
export function reconstructionPrompt(tokenizer: TextTokenizer, paraphrase: number): number[] {
  const { slot, before, after } = tokenizer;
  return tokenizer.encode([
    ...[...before("system"), WORDING.assistant, ...after],
    ...[...before("user"), WORDING.announcement, slot, `\n\n${PARAPHRASES[paraphrase]}`, ...after],
    ...before("assistant"),
  ]);
}

/** Stage 2, the part that is a model's own: task, heading, and a pair [slot][Yes|No] for each label. */
export function recordPrompt(
  tokenizer: TextTokenizer,
  labels: ArrayLike<number | bigint>,
): number[] {
  const { slot, yes, no, before, after } = tokenizer;
  return tokenizer.encode([
    ...[...before("system"), WORDING.task, ...after],
    ...[...before("user"), WORDING.heading],
    ...Array.from(labels, (label): Piece[] => [slot, Number(label) === 1 ? yes : no]).flat(),
  ]);
}

/** Characters looked at for every token kept: a text of a million letters is not cut into tokens whole. */
export const CHARACTERS = 32;

/**
 * Stage 2, the rest: the target query as text, the question, up to where the answer stands.
 * @param most tokens kept of the text
 */
export function targetPrompt(tokenizer: TextTokenizer, text: string, most = Infinity): number[] {
  const { before, after } = tokenizer, ids = tokenizer.encode(text.slice(0, CHARACTERS * most));
  const kept = ids.length <= most ? [text] : ids.slice(0, most);
  return tokenizer.encode([
    ...["\n\n", ...kept, `\n\n${WORDING.question}`],
    ...[...after, ...before("assistant")],
  ]);
}
