/**
 * Small runs on real routers: records of the demo pool in a folder of their own.
 * @module
 */
import { demoRecords } from "../../datasets/demo/generate.ts";
import { planRun, type RunPlan, type RunSettings } from "../../src/run/plan.ts";

/** A folder with `records.jsonl`, removed afterwards. */
export async function withRecords(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const lines = demoRecords({ queries: 150 }).map((record) => JSON.stringify(record) + "\n");
    await Deno.writeTextFile(`${folder}/records.jsonl`, lines.join(""));
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Plans an ID run (five folds, for there are few rows) of a folder's records. */
export function planOf(
  folder: string,
  settings: Partial<RunSettings> = {},
): Promise<RunPlan> {
  return planRun({
    data: `${folder}/records.jsonl`,
    routers: ["uniroute"],
    protocol: "id",
    seeds: [3],
    embedding: "hashed-384",
    validation: "benchmarks",
    device: "cpu",
    ...settings,
  });
}

/** Writes a router file whose `fit` is the given source, and gives its path. */
export async function writeRouter(
  folder: string,
  name: string,
  fit: string,
  fields = "",
): Promise<string> {
  const path = `${folder}/${name}.ts`;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(
    path,
    `export default { name: "${name}", summary: "s", source: "none", grid: [{}], ${fields} fit: ${fit} };\n`,
  );
  return path;
}
