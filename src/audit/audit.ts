/**
 * The leakage audit: which queries are the same, nearly the same or cut from one template.
 *
 * Rows that may give each other away form a *group*, and no split separates a group: loose duplicates,
 * near-duplicates, families of edited texts, and a question that is also the last block of a few-shot
 * prompt. Strict duplicates are one query; `dropDuplicates` merges them. Rows of one template with other
 * numbers or names may be separated, as the ID protocol does; they are resampled together instead.
 *
 * The report holds counts only, no ids and no texts, so that it can be published with any result.
 * See docs/protocol.md, "Leakage audit".
 * @module
 */
import type { OutcomeTable } from "../outcomes/table.ts";
import { disjointSets } from "./disjoint_sets.ts";
import { familyPairs } from "./families.ts";
import { BOILERPLATE, nearDuplicates } from "./near_duplicates.ts";
import { lastQuestion, looseKey, strictForm, templateForm } from "./normal_form.ts";
import { numberedTexts } from "./numbered_texts.ts";
import { repeated } from "./repeated.ts";

/** Templates of more rows than this are reported and resampled as one. */
export const TEMPLATE_ROWS = 3;

/** What the audit found, row by row and in sum. */
export interface Audit {
  /** Rows with equal numbers must stay on one side of a split. Length Q. */
  readonly groups: Uint32Array;
  /** Rows with equal numbers depend on each other (group or template): resampling units. Length Q. */
  readonly templates: Uint32Array;
  /** The row kept in this one's place: itself, unless it is a strict duplicate. Length Q. */
  readonly keeper: Uint32Array;
  /** Counts. */
  readonly report: AuditReport;
}

/** Counts of an audit. All but `rows` and `strict` are of the rows left after strict duplicates. */
export interface AuditReport {
  /** Version of this form. */
  readonly format: 1;
  /** Rows audited, strict duplicates included. */
  readonly rows: number;
  /** Texts equal but for Unicode form and white space. */
  readonly strict: {
    /** Texts that occur more than once. */
    readonly sets: number;
    /** Rows merged into another. */
    readonly dropped: number;
    /** Sets with rows of more than one benchmark. */
    readonly acrossBenchmarks: number;
    /** Sets in which a model has different scores; their mean is kept. */
    readonly conflicts: number;
  };
  /** Texts equal in letters and digits. */
  readonly loose: SetCount;
  /** Texts that meet in the last block of a few-shot prompt. */
  readonly lastQuestion: SetCount;
  /** Near-duplicate pairs (`near_duplicates.ts`), one row standing for its loose duplicates. */
  readonly near: { readonly similarPairs: number; readonly containedPairs: number };
  /** Groups of more than one row. */
  readonly groups: SetCount & {
    readonly acrossBenchmarks: number;
    /** Group size (from 1) → number of groups. */
    readonly sizes: Readonly<Record<string, number>>;
  };
  /** Templates of more than three rows. */
  readonly templates: SetCount & {
    /** Template size (from 4) → number of templates. */
    readonly sizes: Readonly<Record<string, number>>;
    /** Rows of which more than half is found in over ten rows: templates that masking did not show. */
    readonly mostlyBoilerplate: number;
  };
  /** In the order of the table's benchmarks. */
  readonly benchmarks: readonly BenchmarkAudit[];
}

/** How many sets, and how many rows they hold. */
export interface SetCount {
  /** Number of sets. */
  readonly sets: number;
  /** Rows in all of them. */
  readonly rows: number;
}

/** The audit of one benchmark. */
export interface BenchmarkAudit {
  /** Name of the benchmark. */
  readonly name: string;
  /** Rows before strict duplicates are dropped. */
  readonly rows: number;
  /** Strict duplicates dropped. */
  readonly dropped: number;
  /** Rows in groups of more than one. */
  readonly grouped: number;
  /** Rows in templates of more than three. */
  readonly templated: number;
}

/** Audits a table. What is found depends on ids, texts and scores, never on the order of the rows. */
export function audit(table: OutcomeTable): Audit {
  const { ids, texts, benchmark, task, published, documents } = table;
  const rows = Array.from(ids.keys()).sort((a, b) => ids[a] < ids[b] ? -1 : 1);
  const together = disjointSets(rows.length);
  const joinAll = (sets: readonly number[][]): void => {
    for (const set of sets) for (const row of set) together.join(row, set[0]);
  };

  // A question with other documents is another query, on the same side of every split.
  const beside = (row: number): string => documents ? `\n\n${strictForm(documents[row])}` : "";
  const strict = repeated(rows, (row) => strictForm(texts[row]) + beside(row));
  const keeper = Uint32Array.from(rows.keys());
  for (const set of strict) {
    const first = set.find((row) => published[row] === 2) ?? set[0];
    for (const row of set) keeper[row] = first;
  }
  const kept = rows.filter((row) => keeper[row] === row);
  const loose = repeated(kept, (row) => looseKey(texts[row]));
  joinAll(documents ? repeated(rows, (row) => strictForm(texts[row])) : strict);
  joinAll(loose);

  // One row stands for its loose duplicates from here on, or many copies would look like boilerplate.
  const copies = new Set(loose.flatMap((set) => set.slice(1)));
  const single = kept.filter((row) => !copies.has(row));
  const last = sharedLastQuestions(single, texts);
  joinAll(last);
  const template = repeated(kept, (row) => templateForm(texts[row]))
    .filter((set) => set.length > TEMPLATE_ROWS);
  const templateOf = new Map(template.flatMap((set, t) => set.map((row) => [row, t] as const)));
  const numbered = numberedTexts(single.map((row) => texts[row]));
  const near = nearDuplicates(numbered);
  const family = familyPairs(
    numbered,
    near.shingles,
    [benchmark, task].map((labels) => single.map((row) => labels[row])),
    single.map((row) => templateOf.get(row)),
  );
  for (const [a, b] of [...near.similar, ...near.contained, ...family]) {
    together.join(single[a], single[b]);
  }
  const groups = together.roots();

  joinAll(template);
  const templates = together.roots();

  const group = repeated(kept, (row) => String(groups[row]));
  const spread = (set: readonly number[]): boolean =>
    set.some((row) => benchmark[row] !== benchmark[set[0]]);
  const grouped = new Set(group.flat()), templated = new Set(template.flat());
  const report: AuditReport = {
    format: 1,
    rows: rows.length,
    strict: {
      sets: strict.length,
      dropped: rows.length - kept.length,
      acrossBenchmarks: strict.filter(spread).length,
      conflicts: strict.filter((set) => inConflict(table, set)).length,
    },
    loose: count(loose),
    lastQuestion: count(last),
    near: { similarPairs: near.similar.length, containedPairs: near.contained.length },
    groups: {
      ...count(group),
      acrossBenchmarks: group.filter(spread).length,
      sizes: histogram(group, kept.length - grouped.size),
    },
    templates: {
      ...count(template),
      sizes: histogram(template),
      mostlyBoilerplate: near.mostlyBoilerplate.reduce((sum, flag) => sum + flag, 0),
    },
    benchmarks: table.benchmarks.map((name, b) => {
      const own = rows.filter((row) => benchmark[row] === b);
      return {
        name,
        rows: own.length,
        dropped: own.filter((row) => keeper[row] !== row).length,
        grouped: own.filter((row) => grouped.has(row)).length,
        templated: own.filter((row) => templated.has(row)).length,
      };
    }),
  };
  return { groups, templates, keeper, report };
}

/** Rows whose last few-shot block is another row's text or last block. */
function sharedLastQuestions(rows: readonly number[], texts: readonly string[]): number[][] {
  const blocks = new Map<number, string>();
  for (const row of rows) {
    const block = lastQuestion(texts[row]);
    if (block !== undefined) blocks.set(row, looseKey(block));
  }
  if (blocks.size === 0) return [];
  const wanted = new Set(blocks.values()), asked = new Map<string, number[]>();
  for (const row of rows) {
    const key = looseKey(texts[row]);
    if (wanted.has(key)) asked.set(key, [row]);
  }
  for (const [row, key] of blocks) {
    const others = asked.get(key);
    if (others) others.push(row);
    else asked.set(key, [row]);
  }
  // A block that ends more prompts than this is an instruction ("Question: is it correct?").
  return [...asked.values()].filter((set) => set.length > 1 && set.length <= BOILERPLATE);
}

/** Whether a model has two different scores for one text. */
function inConflict({ models, scores }: OutcomeTable, set: readonly number[]): boolean {
  const M = models.length;
  return models.some((_, m) => {
    const known = set.map((row) => scores[row * M + m]).filter((score) => !Number.isNaN(score));
    return known.some((score) => score !== known[0]);
  });
}

function count(sets: readonly number[][]): SetCount {
  return { sets: sets.length, rows: sets.reduce((sum, set) => sum + set.length, 0) };
}

/** Size → number of sets of that size. */
function histogram(sets: readonly number[][], alone = 0): Record<string, number> {
  const sizes: Record<string, number> = alone > 0 ? { 1: alone } : {};
  for (const { length } of sets) sizes[length] = (sizes[length] ?? 0) + 1;
  return sizes;
}
