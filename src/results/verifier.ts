/**
 * Verification of one result after another, in this thread or in one of several.
 * @module
 */
import { OutcomeFinder } from "./outcome_finder.ts";
import type { Result } from "./result.ts";
import { type Verified, type VerifyOptions, verifyResult } from "./verify.ts";

/** A result to verify. */
export interface Question extends Pick<VerifyOptions, "data" | "requireData"> {
  /** The result file. */
  readonly path: string;
  /** Number of its folder: results of a folder are of one dataset, which is kept until another comes. */
  readonly split: number;
}

/** What a verification found, without the numbers themselves. */
export interface Checked extends Pick<Verified, "depth" | "numbers"> {
  /** Of the result, what says where its outcomes are. */
  readonly result: Pick<Result, "dataset" | "command">;
}

/** Verifies results one after the other. */
export function verifier(): (question: Question) => Promise<Checked> {
  let open: { split: number; finder: OutcomeFinder } | undefined;
  return async ({ path, split, data, requireData }) => {
    if (open?.split !== split) open = { split, finder: new OutcomeFinder(data) };
    const found = await verifyResult(path, { requireData, finder: open.finder });
    const { depth, numbers, result: { dataset, command } } = found;
    return { depth, numbers, result: { dataset, command } };
  };
}
