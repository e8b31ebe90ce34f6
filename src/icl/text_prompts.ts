/**
 * The prompts of ICL-Router with a language model, as token ids (icl-router.md §3.1 and §3.3). The wording is
 * ours: the specification gives the parts and their order, not the sentences.
 * @module
 */
import type { Piece, TextTokenizer } from "./text_tokenizer.ts";

const ASSISTANT = "You are a helpful assistant.";
const ANNOUNCEMENT = "Here is the vector of a query: ";

/** "What does this vector say?", in five ways; one is drawn for every text. */
export const PARAPHRASES = [
  "Write out the query that this vector stands for.",
  "What does this vector say? Give the text of the query.",
  "Recover the original query from the vector above.",
  "Turn the vector back into the query it was made from.",
  "Which query is behind this vector? Repeat it word for word.",
] as const;

const TASK =
  "You are shown the past record of a model: queries, each as a vector, and whether the " +
  "model answered it correctly (Yes) or not (No). Judge from the record whether the model can " +
  "answer a new query. Yes = its answer will be right, No = its answer will be wrong.";
const HEADING = "The model's performance:\n";
const QUESTION = "Will the model answer this query correctly? Reply with Yes or No only.";

/** Stage 1, up to where the assistant begins to write the query: one slot. */
export function reconstructionPrompt(tokenizer: TextTokenizer, paraphrase: number): number[] {
  const { slot, before, after } = tokenizer;
  return tokenizer.encode([
    ...[...before("system"), ASSISTANT, ...after],
    ...[...before("user"), ANNOUNCEMENT, slot, `\n\n${PARAPHRASES[paraphrase]}`, ...after],
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
    ...[...before("system"), TASK, ...after],
    ...[...before("user"), HEADING],
    ...Array.from(labels, (label): Piece[] => [slot, Number(label) === 1 ? yes : no]).flat(),
  ]);
}

/** Stage 2, the rest: the target query as text, the question, up to where the answer stands. */
export function targetPrompt(tokenizer: TextTokenizer, text: string): number[] {
  const { before, after } = tokenizer;
  return tokenizer.encode([`\n\n${text}\n\n${QUESTION}`, ...after, ...before("assistant")]);
}
