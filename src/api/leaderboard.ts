/**
 * A leaderboard that shows itself.
 * @module
 */
import { isNewModel, type Result } from "../results/result.ts";
import { leaderboard } from "../report/tables/leaderboard.ts";
import { newModelTable } from "../report/tables/new_model_table.ts";
import { tableText } from "../report/tables/print.ts";
import { markdownTable, type TableColumn } from "../report/tables/text_table.ts";
import { ShownText } from "./shown.ts";

/** One row a router, with error bars, significance and cost. */
export class Leaderboard extends ShownText {
  /** Column titles. */
  readonly columns: readonly TableColumn[];
  /** Cells as printed; an empty row parts references from routers. */
  readonly rows: readonly (readonly string[])[];
  /** How to read it. */
  readonly notes: readonly string[];

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
  }

  /** The table, without its notes. */
  override toMarkdown(): string {
    return markdownTable(this.columns, this.rows.filter((row) => row.length > 0));
  }

  /** The table with its notes. */
  override toString(): string {
    return tableText(this);
  }
}
