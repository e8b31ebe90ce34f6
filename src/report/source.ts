/**
 * Result files named on a command line.
 * @module
 */
import { exists, readJson } from "../base/files.ts";
import type { Source } from "./figures/all.ts";
import type { SpeedSheet } from "./tables/print.ts";
import { readEpisodes } from "../results/episode_file.ts";
import { openResult } from "../results/open.ts";

/** A result for figures, with where it is. */
export interface Located extends Source {
  /** As named on the command line. */
  readonly path: string;
}

/**
 * A result with its speed sheet and decisions, for figures.
 * @throws {DataError} naming the file and what is wrong with it
 */
export async function sourceOf(path: string): Promise<Located> {
  const { result, entries } = await openResult(path);
  const episodes = await readEpisodes(path, result);
  return { path, result, speed: await speedOf(path), decisions: entries, episodes };
}

/** The speed sheet beside a result; undefined where nothing was timed. */
export async function speedOf(path: string): Promise<SpeedSheet | undefined> {
  const sheet = path.replace(/\.json$/, ".speed.json");
  return await exists(sheet) ? await readJson(sheet) as SpeedSheet : undefined;
}
