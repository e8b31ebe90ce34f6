/**
 * Where the time of a board goes: seconds by router and protocol, from committed results and the speed sheets
 * beside them. An upper bound, since what fits share is counted for each of them; routers that take minutes, and
 * the new-model protocol, have no sheet (`profile.ts` times those).
 *
 *     deno run --allow-read tests/bench/board_profile.ts [RESULT or FOLDER …]
 *
 * @module
 */
import { exists, readJson } from "../../src/base/files.ts";
import { resultFiles } from "../../src/results/find.ts";
import type { Result, RouterEntry } from "../../src/results/result.ts";
import type { Speed } from "../../src/run/speed.ts";

/** Seconds by protocol, of one router. */
type Seconds = Map<string, number>;

/** Seconds of a router's jobs: every configuration once, the last fits, and one pass over validation and test rows. */
function secondsOf(
  { grid, chosen, reference }: RouterEntry,
  { fitSeconds, batchMicroseconds }: Speed,
  parts: Result["splits"]["parts"],
): number {
  return parts.reduce((sum, { seed, fold, validation, test }) => {
    const found = chosen.find((job) => job.seed === seed && job.fold === fold);
    if (!found) return sum;
    const tuned = reference || (grid.length === 1 && found.area === null) ? 0 : grid.length;
    const last = new Set([found.score, found.area ?? found.score, 0]).size;
    const asked = tuned * validation + last * test;
    return sum + (tuned + last) * fitSeconds + asked * batchMicroseconds / 1e6;
  }, 0);
}

async function profileOf(paths: readonly string[]): Promise<Map<string, Seconds>> {
  const rows = new Map<string, Seconds>();
  for (const file of await resultFiles(paths)) {
    const speeds = file.replace(/\.json$/, ".speed.json");
    if (!await exists(speeds)) continue;
    const { routers, splits, protocol } = await readJson(file) as unknown as Result;
    const sheet = await readJson(speeds) as unknown as Record<string, Speed>;
    for (const router of routers.filter(({ id }) => sheet[id])) {
      const row: Seconds = rows.get(router.id) ?? new Map();
      const more = secondsOf(router, sheet[router.id], splits.parts);
      rows.set(router.id, row.set(protocol.name, (row.get(protocol.name) ?? 0) + more));
    }
  }
  return rows;
}

if (import.meta.main) {
  const rows = await profileOf(Deno.args.length > 0 ? Deno.args : ["results"]);
  const sum = (row: Seconds): number => [...row.values()].reduce((a, b) => a + b, 0);
  const protocols = [...new Set([...rows.values()].flatMap((row) => [...row.keys()]))].sort();
  const all: Seconds = new Map(
    protocols.map((
      name,
    ) => [name, sum(new Map([...rows].map(([id, row]) => [id, row.get(name) ?? 0])))]),
  );
  const line = (name: string, cells: readonly string[]): void =>
    console.log(name.padEnd(28) + cells.map((cell) => cell.padStart(10)).join(""));
  const numbers = (row: Seconds): string[] =>
    [...protocols.map((name) => row.get(name) ?? 0), sum(row)].map((s) => s.toFixed(1));
  line("router: seconds", [...protocols, "all"]);
  for (const [id, row] of [...rows].sort(([, a], [, b]) => sum(b) - sum(a))) line(id, numbers(row));
  line("all", numbers(all));
}
