/**
 * Frames: what more than half of a benchmark or task has in common (its instruction, its prompt, the fixed
 * words of its generator), and what is left of a text without it.
 * @module
 */
import { BOILERPLATE } from "./near_duplicates.ts";
import { isWord, type NumberedTexts } from "./numbered_texts.ts";
import { pieces } from "./pieces.ts";

/** A run of so many tokens is the smallest piece of a frame. */
const RUN = 3;
/** A frame is in more than this share of a stratum, and in more than {@link BOILERPLATE} texts. */
const SHARE = 0.5;

/** Groupings of N texts within which a frame is shared: numbers of each text's benchmark, of its task. */
export type Strata = readonly ArrayLike<number>[];

/** Marks on the tokens of N texts, one byte a token. */
export interface Frames {
  /** 1 for a token of a frame. */
  readonly framed: readonly Uint8Array[];
  /** 1 for a token that more than half of a stratum has, in a frame or not. */
  readonly common: readonly Uint8Array[];
}

/** Finds the frames of all strata. */
export function framesOf({ texts, vocabulary }: NumberedTexts, strata: Strata): Frames {
  const room = pieces((length) => new Uint8Array(length));
  const framed = texts.map((text) => room(text.length));
  const common = texts.map((text) => room(text.length));
  const word = Uint8Array.from(vocabulary, (token) => Number(isWord(token)));
  const rankOf = tokenCounter(vocabulary.length);
  for (const labels of distinct(strata)) {
    for (const members of Map.groupBy(texts.keys(), (t) => labels[t]).values()) {
      const most = Math.max(BOILERPLATE, SHARE * members.length);
      if (members.length <= most) continue;
      const { rank, ranks } = rankOf(members.map((t) => texts[t]), most);
      for (const t of members) {
        texts[t].forEach((token, i) => common[t][i] |= Number(rank[token] > 0));
      }
      markRuns(members.map((t) => [texts[t], framed[t]]), { most, rank, ranks, word });
    }
  }
  return { framed, common };
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
function tokenCounter(size: number): (texts: readonly Int32Array[], most: number) => Ranks {
  const last = new Int32Array(size).fill(-1), counts = new Uint32Array(size);
  const rank = new Uint32Array(size);
  let visit = 0;
  return (texts, most) => {
    for (const text of texts) for (const token of text) counts[token] = rank[token] = 0;
    let ranks = 0;
    for (const text of texts) {
      visit++;
      for (const token of text) {
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
  texts: readonly (readonly [text: Int32Array, framed: Uint8Array])[],
  { most, rank, ranks, word }: RunRule,
): void {
  const counts = new Map<number, { texts: number; last: number }>();
  texts.forEach(([text], t) =>
    eachRun(text, (run) => {
      const count = counts.get(run);
      if (!count) counts.set(run, { texts: 1, last: t });
      else if (count.last !== t) {
        count.texts++;
        count.last = t;
      }
    })
  );
  for (const [text, framed] of texts) {
    eachRun(text, (run, start) => {
      if (counts.get(run)!.texts > most) framed.fill(1, start, start + RUN);
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
