/**
 * What a new model would add to a pool, as tables.
 * @module
 */
import { FEWEST_UNITS, type Interval } from "../metrics/mod.ts";
import type { RecordRow, SentRow } from "../new_model/gains.ts";
import { intervalCell } from "../report/tables/leaderboard.ts";
import { DASH, digits, percent, signed } from "../report/tables/numbers.ts";
import { columnsOf, markdownTable, type Table, textTable } from "../report/tables/text_table.ts";
import { ShownText } from "./shown.ts";

/** What a router gains by a new model that it knows by so many labels: score with it less score without it. */
export interface GainRow {
  /** Router id. */
  readonly router: string;
  /** Labelled queries. */
  readonly labels: number;
  /** US dollars that the new model's answers to them cost; null where not known. */
  readonly dollars: number | null;
  /** On the labelled queries, each known by the labels of the other folds; null where the router refused. */
  readonly inside: Interval | null;
  /** On test queries; absent where the new model's outcomes there are not known, null where the router refused. */
  readonly test?: Interval | null;
}

/** All of it. */
export interface NewModelFacts {
  /** The new model. */
  readonly model: string;
  /** The pool in one line. */
  readonly pool: string;
  /** Whether a known model plays the new one, so that test outcomes tell what it adds. */
  readonly heldOut: boolean;
  /** Folds inside the labelled queries. */
  readonly folds: number;
  /** Names the draw of rows. */
  readonly seed: number;
  /** Router ids, in the order of the tables. */
  readonly routers: readonly string[];
  /** The new model's record. */
  readonly record: readonly RecordRow[];
  /** Where it would be sent queries, the largest shares first. */
  readonly sent: readonly SentRow[];
  /** Gains, router by router, by rising number of labels. */
  readonly gains: readonly GainRow[];
  /** What routers refused, and other things to know. */
  readonly notes: readonly string[];
}

/** What a new model would add to a pool. `addModel` makes one. */
export class NewModelReport extends ShownText {
  /** Every number. */
  readonly facts: NewModelFacts;

  /** For `addModel`. */
  constructor(facts: NewModelFacts) {
    super();
    this.facts = facts;
  }

  /** Tables and how to read them, as Markdown. */
  override toMarkdown(): string {
    return this.#page(
      ({ columns, rows }) => markdownTable(columns, rows),
      (title) => `**${title}**`,
    );
  }

  /** The same for a terminal. */
  override toString(): string {
    return this.#page(({ columns, rows }) => textTable(columns, rows), (title) => title);
  }

  #page(draw: (table: Table) => string, heading: (title: string) => string): string {
    const { model, pool, sent: [{ queries }], notes } = this.facts;
    return [
      `${model} beside ${pool}`,
      this.#measured(),
      heading(`Its record, beside the best known model on the same queries`),
      draw(this.#record()),
      heading(`Where it would be sent queries (share of ${queries} test queries, score alone)`),
      draw(this.#sent()),
      heading("What it would add: mean score with it less without it, same router, [95% interval]"),
      draw(this.#gains()),
      ...notes,
    ].join("\n\n");
  }

  #measured(): string {
    const { model, heldOut, folds, seed } = this.facts;
    const inside =
      `inside its labelled queries, in ${folds} folds: each is routed by the labels of the others`;
    return heldOut
      ? `${model} plays a new model: its gain is measured on test queries, where its outcomes are known.\n` +
        `Beside that, all that a truly new model would tell: its gain ${inside}.\nSeed ${seed}.`
      : `No test outcome of ${model} is known: its gain is measured\n${inside}. Seed ${seed}.`;
  }

  #record(): Table {
    return {
      columns: [...columnsOf(["", "labels", this.facts.model, "best known"]), { title: "" }],
      rows: this.facts.record.map(({ label, labels, score, best }) => [
        label,
        String(labels),
        digits(score),
        digits(best.score),
        best.model,
      ]),
    };
  }

  #sent(): Table {
    const { routers, sent } = this.facts;
    return {
      columns: columnsOf(["", "queries", ...routers]),
      rows: sent.map((
        { label, queries, shares },
      ) => [label, String(queries), ...shares.map((share) => percent(share))]),
    };
  }

  #gains(): Table {
    const { gains, heldOut } = this.facts;
    return {
      columns: columnsOf([
        "router",
        "labels",
        "$ of labels",
        "inside its labels",
        "half width",
        ...(heldOut ? ["on test queries"] : []),
      ]),
      rows: gains.map(({ router, labels, dollars, inside, test }) => [
        router,
        String(labels),
        dollars === null ? DASH : dollars.toPrecision(3),
        cell(inside),
        halfWidth(inside),
        ...(heldOut ? [cell(test)] : []),
      ]),
    };
  }
}

/** A gain with its interval; a word in place of one where there is none. */
function cell(gain: Interval | null | undefined): string {
  if (!gain) return DASH;
  const { mean: difference, low, high } = gain;
  if (low === 0 && high === 0) return "no difference";
  return low === null
    ? `${signed(difference)} (under ${FEWEST_UNITS} independent queries)`
    : intervalCell({ difference, low, high });
}

/** Half the width of an interval that says something. */
function halfWidth(gain: Interval | null): string {
  const width = gain && gain.low !== null ? gain.high! - gain.low : 0;
  return width > 0 ? `±${digits(width / 2)}` : DASH;
}
