/**
 * The ten benchmarks of the demo pool: size, base difficulty and usual length of an answer.
 * @module
 */
import type { Template } from "./grammar.ts";
import { TRACE_CODE, WRITE_FUNCTION } from "./texts/code.ts";
import { FACT_CHOICE, FACT_RECALL } from "./texts/knowledge.ts";
import { REWRITING, TRANSLATION } from "./texts/language.ts";
import { DEDUCTIONS, ORDERINGS } from "./texts/logic.ts";
import { BARE_ARITHMETIC, WORD_PROBLEMS } from "./texts/maths.ts";

/** How one benchmark is drawn. Domain and answer options are in `manifest.json`. */
export interface Benchmark {
  /** As in the records and the manifest. */
  readonly name: string;
  /** Share of the pool; the shares sum to 1. */
  readonly share: number;
  /** Difficulty of its average query, in logits before discrimination. */
  readonly difficulty: number;
  /** Output tokens of an average answer by a model of verbosity 1. */
  readonly answerTokens: number;
  /** Query templates by task, equally likely. */
  readonly tasks: Readonly<Record<string, Template>>;
}

/** By ascending name. */
export const BENCHMARKS: readonly Benchmark[] = [
  {
    name: "bare-arithmetic",
    share: 0.08,
    difficulty: 0.3,
    answerTokens: 120,
    tasks: BARE_ARITHMETIC,
  },
  { name: "deductions", share: 0.07, difficulty: 0.3, answerTokens: 180, tasks: DEDUCTIONS },
  { name: "fact-choice", share: 0.18, difficulty: 0.2, answerTokens: 40, tasks: FACT_CHOICE },
  { name: "fact-recall", share: 0.06, difficulty: 0.1, answerTokens: 60, tasks: FACT_RECALL },
  { name: "orderings", share: 0.09, difficulty: 0.4, answerTokens: 260, tasks: ORDERINGS },
  { name: "rewriting", share: 0.1, difficulty: -0.3, answerTokens: 110, tasks: REWRITING },
  { name: "trace-code", share: 0.06, difficulty: 0.5, answerTokens: 300, tasks: TRACE_CODE },
  { name: "translation", share: 0.12, difficulty: -0.1, answerTokens: 90, tasks: TRANSLATION },
  { name: "word-problems", share: 0.13, difficulty: 0, answerTokens: 220, tasks: WORD_PROBLEMS },
  {
    name: "write-function",
    share: 0.11,
    difficulty: 0.1,
    answerTokens: 350,
    tasks: WRITE_FUNCTION,
  },
];
