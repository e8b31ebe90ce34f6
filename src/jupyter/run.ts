/**
 * Executes notebooks.
 * @module
 */
import { dirname } from "node:path";
import { DataError } from "../base/errors.ts";
import { Kernel } from "./kernel.ts";
import { type Cell, type Notebook, type Output, readNotebook } from "./notebook.ts";

/** Seconds a notebook may take: a reader should not wait longer for a story. */
export const LIMIT = 120;

/**
 * Executes all code cells of a notebook file on a fresh kernel, in the folder of the file, and returns the
 * notebook with what they showed.
 * @param limit seconds allowed
 * @throws {DataError} naming the file and the cell (counted as in `In [1]`): an exception, time-out, or the kernel's
 *   end; or the file is no notebook
 */
export async function runNotebook(
  path: string,
  limit = LIMIT,
): Promise<Notebook> {
  const notebook = await readNotebook(path);
  const end = performance.now() + limit * 1000;
  await using kernel = await Kernel.start(dirname(path));
  const cells: Cell[] = [];
  let count = 0;
  for (const cell of notebook.cells) {
    if (cell.type !== "code") {
      cells.push(cell);
      continue;
    }
    const where = `${path}: cell [${++count}]`;
    const left = Math.max(0, (end - performance.now()) / 1000);
    const outputs = await kernel.execute(cell.source, left).catch((error) => {
      if (!(error instanceof DataError)) throw error;
      throw new DataError(
        `${where}: ${error.message} (a notebook may take ${limit} s)`,
      );
    });
    const thrown = outputs.find((output) => output.output_type === "error");
    if (thrown) throw new DataError(`${where}: ${errorText(thrown)}`);
    cells.push({ ...cell, outputs });
  }
  return { cells };
}

/** An exception as text, without the colours of a terminal. */
function errorText(output: Output & { output_type: "error" }): string {
  const { ename, evalue, traceback } = output;
  const trace = traceback.join("\n").trim();
  const said = trace || (ename || evalue ? `${ename}: ${evalue}` : "threw what is no Error");
  // deno-lint-ignore no-control-regex
  return said.replaceAll(/\x1b\[[0-9;]*m/g, "").trim();
}
