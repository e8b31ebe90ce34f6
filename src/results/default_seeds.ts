/**
 * Which seeds a run takes when none are named; results of such runs have the plain file names.
 * @module
 */
import { SEEDS } from "../protocol/split.ts";

/** Seeds of the demo: it is to end in three minutes on two cores, installation included. */
export const DEMO_SEEDS: readonly number[] = SEEDS.slice(0, 3);

/** The seeds of a dataset, named as on the command line. */
export function defaultSeeds(data: string): readonly number[] {
  return data.split("/")[0] === "demo" ? DEMO_SEEDS : SEEDS;
}
