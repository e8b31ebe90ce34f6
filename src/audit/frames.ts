/**
 * Frames: what more than half of a benchmark or task has in common (its instruction, its prompt, the fixed
 * words of its generator), and what is left of a text without it.
 * @module
 */
import { BOILERPLATE } from "./near_duplicates.ts";
import { isWord, type NumberedTexts } from "./numbered_texts.ts";
import type { Lists } from "./lists.ts";

/** A run of so many tokens is the smallest piece of a frame. */
const RUN = 3;
/** A frame is in more than this share of a stratum, and in more than {@link BOILERPLATE} texts. */
const SHARE = 0.5;

/** Groupings of N texts within which a frame is shared: numbers of each text's benchmark, of its task. */
export type Strata = readonly ArrayLike<number>[];

/** Marks on the tokens of N texts, one byte a token. */
export interface Frames {
  /** 1 for a token of a frame. */
  readonly framed: Lists<Uint8Array>;
  /** 1 for a token that more than half of a stratum has, in a frame or not. */
  readonly common: Lists<Uint8Array>;
}

/** Finds the frames of all strata. */
export function framesOf({ texts, vocabulary }: NumberedTexts, strata: Strata): Frames {
  const framed = texts.withNumbers(new Uint8Array(texts.numbers.length));
  const common = texts.withNumbers(new Uint8Array(texts.numbers.length));
  const word = Uint8Array.from(vocabulary, (token) => Number(isWord(token)));
  const rankOf = tokenCounter(vocabulary.length);
  for (const labels of distinct(strata)) {
    for (const members of membersOf(labels, texts.length)) {
      const most = Math.max(BOILERPLATE, SHARE * members.length);
      if (members.length <= most) continue;
      const { rank, ranks } = rankOf(texts, members, most);
      for (const t of members) {
        for (let at = texts.first[t]; at < texts.first[t + 1]; at++) {
          if (rank[texts.numbers[at]] > 0) common.numbers[at] = 1;
        }
      }
      markRuns(texts, framed, members, { most, rank, ranks, word });
    }
  }
  return { framed, common };
}

/** The numbers of the texts with each label. */
function membersOf(labels: ArrayLike<number>, N: number): Iterable<Uint32Array> {
  const sizes = new Map<number, number>();
  for (let t = 0; t < N; t++) sizes.set(labels[t], (sizes.get(labels[t]) ?? 0) + 1);
  const members = new Map(Array.from(sizes, ([label, size]) => [label, new Uint32Array(size)]));
  for (let t = N - 1; t >= 0; t--) {
    const size = sizes.get(labels[t])! - 1;
    sizes.set(labels[t], size);
    members.get(labels[t])![size] = t;
  }
  return members.values();
}

/** Without groupings that are the same as an earlier one: data without tasks have benchmarks for tasks. */
function distinct(strata: Strata): Strata {
  return strata.filter((labels, s) =>
    !strata.slice(0, s).some((other) =>
      labels.length === other.length && Array.from(labels).every((label, t) => label === other[t])
    )
  );
}

/** How common the tokens of some texts are. */
interface Ranks {
  /** Number from 1 of each token that is in more than `most` texts, 0 for the others. */
  readonly rank: Uint32Array;
  /** The greatest rank. */
  readonly ranks: number;
}

/** Ranks the tokens of some texts; of one vocabulary, since its arrays are used again. */
function tokenCounter(
  size: number,
): (texts: Lists<Int32Array>, members: Uint32Array, most: number) => Ranks {
  const last = new Int32Array(size).fill(-1), counts = new Uint32Array(size);
  const rank = new Uint32Array(size);
  let visit = 0;
  return (texts, members, most) => {
    for (const t of members) for (const token of texts.get(t)) counts[token] = rank[token] = 0;
    let ranks = 0;
    for (const t of members) {
      visit++;
      for (const token of texts.get(t)) {
        if (last[token] === visit) continue;
        last[token] = visit;
        if (++counts[token] > most && rank[token] === 0) rank[token] = ++ranks;
      }
    }
    return { rank, ranks };
  };
}

interface RunRule extends Ranks {
  /** A run of a frame is in more texts than this, and so is each of its tokens. */
  readonly most: number;
  /** 1 for a word, of which a run holds one at least: the rows of a board are no frame. */
  readonly word: Uint8Array;
}

/** Marks the runs that are in more than `most` of the texts. */
function markRuns(
  texts: Lists<Int32Array>,
  framed: Lists<Uint8Array>,
  members: Uint32Array,
  { most, rank, ranks, word }: RunRule,
): void {
  const counts = new Map<number, { texts: number; last: number }>();
  for (const t of members) {
    eachRun(texts.get(t), (run) => {
      const count = counts.get(run);
      if (!count) counts.set(run, { texts: 1, last: t });
      else if (count.last !== t) {
        count.texts++;
        count.last = t;
      }
    });
  }
  for (const t of members) {
    const marks = framed.get(t);
    eachRun(texts.get(t), (run, start) => {
      if (counts.get(run)!.texts > most) marks.fill(1, start, start + RUN);
    });
  }

  function eachRun(text: Int32Array, visit: (run: number, start: number) => void): void {
    let length = 0;
    for (let i = 0; i < text.length; i++) {
      length = rank[text[i]] === 0 ? 0 : length + 1;
      if (length < RUN) continue;
      let run = 0, words = 0;
      for (let j = i - RUN + 1; j <= i; j++) {
        run = run * (ranks + 1) + rank[text[j]];
        words += word[text[j]];
      }
      if (words > 0) visit(run, i - RUN + 1);
    }
  }
}
