/** The README's numbers are those of the committed results: a number that was copied by hand goes stale. */
import assert from "node:assert/strict";
import { repoPath } from "../../src/base/files.ts";
import { openRun, type Run } from "../../src/mod.ts";
import { PAGE_WIDTH, terminalReport } from "../../src/report/tables/terminal.ts";
import { signed } from "../../src/report/tables/numbers.ts";

const readme = Deno.readTextFileSync(repoPath("README.md"));
const cells = (line: string): string[] => line.split("|").slice(1, -1).map((cell) => cell.trim());
const short = (score: number): string => score.toFixed(3).replace(/^0/, "");
/** As the pages have it: of several runs the one with more seeds, then with more routers. */
async function open(dataset: string, protocol: string): Promise<Run> {
  const folder = repoPath("results", `${dataset}@1`), runs: Run[] = [];
  for (const { name } of Deno.readDirSync(folder)) {
    const [stem, embedding, hash, ...rest] = name.replace(/\.json$/, "").split(".");
    const isRun = name.endsWith(".json") && stem === protocol && embedding === "static" &&
      /^[0-9a-f]{8}$/.test(hash ?? "00000000") && rest.length === 0;
    if (isRun) runs.push(await openRun(`${folder}/${name}`));
  }
  const [first] = runs.sort(({ result: a }, { result: b }) =>
    b.protocol.seeds.length - a.protocol.seeds.length || b.routers.length - a.routers.length
  );
  return first;
}

/** Columns of the table → router ids. */
const IDS: Record<string, string> = { "ICL-Router+": "icl_router_plus", kNN: "knn" };

Deno.test("README: the table of recorded datasets says what the results say", async () => {
  const lines = readme.split("\n");
  const start = lines.findIndex((line) => line.startsWith("| dataset | best single |"));
  const [, , , ...columns] = cells(lines[start]);
  let rows = 0;
  for (let at = start + 2; lines[at].startsWith("|"); at++, rows++) {
    const [name, ...shown] = cells(lines[at]), dataset = name.replace(", ", "-");
    const runs: Record<string, Run> = {
      ID: await open(dataset, "id"),
      OOD: await open(dataset, "ood"),
    };
    const differences = columns.map((column) => {
      const [router, protocol] = column.split(", ");
      const { difference, significant } = runs[protocol].row(IDS[router]).delta!;
      return significant ? `**${signed(difference)}**` : signed(difference);
    });
    const expected = [
      short(runs.ID.row("best-single").score),
      short(runs.ID.oracle),
      ...differences,
    ];
    assert.deepEqual([name, ...shown], [name, ...expected]);
  }
  assert.equal(rows, 6);
});

Deno.test("README: what it says of MMLU-Pro's costs is so", async () => {
  const run = await open("mmlu-pro-priced", "id");
  const share = (id: string): string => `${Math.round(100 * run.row(id).metrics.qnc!)}%`;
  const said = /best single model's quality at (\d+%) of its cost, kNN at (\d+%)/.exec(
    readme.replaceAll("\n", " "),
  );
  assert.deepEqual(said?.slice(1), [share("icl_router_plus"), share("knn")]);
});

Deno.test("README: the lines it shows of the demo's table are those of the committed result", async () => {
  const { result } = await openRun(repoPath("results/demo@1/id.static.json"));
  const printed = terminalReport(result, undefined, { width: PAGE_WIDTH }).split("\n");
  const [, block] = /```text\n([^]*?)\n```/.exec(readme)!;
  for (const line of block.split("\n")) assert.ok(printed.includes(line), line);
});

Deno.test("README: short, with both commands", () => {
  assert.ok(readme.split(/\s+/).length <= 1000);
  assert.match(readme, /npx -y deno@2\.9\.6 task bench/);
  assert.match(readme, /npx -y deno@2\.9\.6 task test/);
});
