/**
 * The form of the audit's report: counts only, deterministic and JSON-able.
 * @module
 */

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
