/** The README's numbers are those of the generated leaderboard: a number that was copied by hand goes stale. */
import assert from "node:assert/strict";
import { repoPath } from "../../src/base/files.ts";

const read = (path: string): string[] => Deno.readTextFileSync(repoPath(path)).split("\n");
const cells = (line: string): string[] => line.split("|").slice(1, -1).map((cell) => cell.trim());

/** README columns → rows of the leaderboard. */
const ROWS: Record<string, string> = {
  "ICL-Router+": "ICL-Router+ (task reader)",
  "kNN": "kNN",
  "k-means rank": "k-means rank (Avengers)",
  "UniRoute": "UniRoute (K-means)",
  "ridge": "ridge",
};
const SECTIONS: Record<string, string> = {
  ID: "## In distribution",
  OOD: "## Out of distribution",
};

/** The leaderboard's tables: section heading / dataset → row → cells. */
function leaderboard(): Map<string, Map<string, string[]>> {
  const tables = new Map<string, Map<string, string[]>>();
  let section = "", rows = new Map<string, string[]>();
  for (const line of read("results/leaderboard.md")) {
    if (line.startsWith("## ")) section = line;
    if (line.startsWith("### ")) tables.set(`${section}/${line.slice(4)}`, rows = new Map());
    if (line.startsWith("| ")) rows.set(cells(line)[0], cells(line).slice(1));
  }
  return tables;
}

Deno.test("README: the table of recorded datasets says what the leaderboard says", () => {
  const tables = [...leaderboard()], lines = read("README.md");
  const start = lines.findIndex((line) => line.startsWith("| dataset | best single |"));
  const [, , ...columns] = cells(lines[start]);
  let checked = 0;
  for (let at = start + 2; lines[at].startsWith("|"); at++) {
    const [name, single, ...shown] = cells(lines[at]),
      split = name.slice(name.lastIndexOf(",") + 2);
    const dataset = name.slice(0, name.lastIndexOf(",")).replace(", ", "/");
    const [, rows] = tables.find(([key]) =>
      key.startsWith(SECTIONS[split]) && key.endsWith(`)/${dataset}`)
    )!;
    const mean = (row: string): string => rows.get(row)![0].replace(/±.*/, "");
    const expected = columns.map((column) => {
      if (column === "oracle") return mean("oracle");
      const [, difference, marks] = rows.get(ROWS[column])!, [delta] = difference.split(" ");
      return marks.includes("S") ? `**${delta}**` : delta;
    });
    assert.deepEqual([name, single, ...shown], [name, mean("best single"), ...expected]);
    checked += expected.length + 1;
  }
  assert.equal(checked, 12 * 7);
});
