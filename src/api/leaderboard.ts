/**
 * A leaderboard that shows itself.
 * @module
 */
import { isNewModel, type Result } from "../results/result.ts";
import { leaderboard } from "../report/tables/leaderboard.ts";
import { newModelTable } from "../report/tables/new_model_table.ts";
import { closingNotes } from "../report/tables/notes.ts";
import { sentenceOf } from "../report/tables/sentence.ts";
import { boardText, PAGE_WIDTH } from "../report/tables/terminal.ts";
import { markdownTable, type TableColumn } from "../report/tables/text_table.ts";
import { type Bundle, display, ShownText } from "./shown.ts";

/** One row a router, with error bars, significance and cost. */
export class Leaderboard extends ShownText {
  /** Column titles. */
  readonly columns: readonly TableColumn[];
  /** Cells as printed; an empty row parts references from routers. */
  readonly rows: readonly (readonly string[])[];
  /** How to read it. */
  readonly notes: readonly string[];
  /** Who is ahead, by how much, for what money and how surely; absent where no router competes. */
  readonly sentence: string | undefined;
  /** What was not run, how methods depart from their papers, what to know of the data. */
  readonly statements: readonly string[];
  readonly #result: Result;

  /** The table of a result. */
  constructor(result: Result) {
    super();
    const { evaluation } = result;
    const table = isNewModel(evaluation)
      ? newModelTable(result, evaluation, "all")
      : leaderboard(result, evaluation);
    this.columns = table.columns;
    this.rows = table.rows;
    this.notes = table.notes;
    this.sentence = sentenceOf(result);
    this.statements = closingNotes(result);
    this.#result = result;
  }

  /** The table, without its notes. */
  override toMarkdown(): string {
    return markdownTable(this.columns, this.rows.filter((row) => row.length > 0));
  }

  /** The sentence, the table as wide as the window, and how to read it. */
  override toString(): string {
    return boardText(this.#result);
  }

  /** Asked by the Jupyter kernel, whose window is not the reader's. */
  override async [display](): Promise<Bundle> {
    const text = boardText(this.#result, { width: PAGE_WIDTH });
    return { "text/markdown": this.toMarkdown(), "text/plain": text };
  }
}
