/**
 * The run that tests of `bench` disturb, cut up and alter: five folds (there are few rows) of two seeds, seven reference
 * rows and three routers.
 * @module
 */
import assert from "node:assert/strict";
import { bytesOf, type Ended, filesBelow, inside, workFolder } from "./cli.ts";

/** Where it writes, and its records. */
export const folder: string = await workFolder(100);
/** The records of the run. */
export const DATA = `${folder}/pool/records.jsonl`;
/** Jobs of the run. */
export const JOBS: number = 2 * 5 * 10;
/** Its flags, but for where it writes. */
export const plain: readonly string[] = [
  ...["--data", DATA, "--routers", "ridge,uniroute,knn", "--seeds", "1,2", "--protocol", "id"],
];

/** Flags that say where a run of some name writes. */
export function places(name: string): string[] {
  return ["--out", `${folder}/${name}/out`, "--jobs", `${folder}/${name}/jobs`];
}

/** Hash of every file of a run's results. */
export function bytes(name: string): Record<string, string> {
  return bytesOf(`${folder}/${name}/out`);
}

/** Path of a run's result. */
export function resultOf(name: string): string {
  const out = `${folder}/${name}/out`;
  const [file] = filesBelow(out).filter((f) => /\/id\.static\.\w+\.json$/.test(f));
  return `${out}/${file}`;
}

/** The run nobody disturbs, which all others must equal. */
export const undisturbed: Ended = await inside("bench", ...plain, ...places("undisturbed"));
/** Its results. */
export const expected: Record<string, string> = bytes("undisturbed");

/** Fails with the first difference if another run's results are not the same, byte for byte. */
export function same(name: string): void {
  const read = (run: string): unknown => JSON.parse(Deno.readTextFileSync(resultOf(run)));
  assert.deepEqual(read(name), read("undisturbed"));
  const found = Object.entries(bytes(name)).filter(([file]) => !file.endsWith(".tmp"));
  assert.deepEqual(Object.fromEntries(found), expected);
}
