/**
 * Does a router keep the contract?
 * @module
 */
import { conform, type Finding, tally } from "../router/conformance.ts";
import type { AnyRouter } from "../router/sequential.ts";
import { loadRouter } from "../router/discover.ts";
import { ShownText } from "./shown.ts";

/** What the conformance kit found. */
export class Conformance extends ShownText {
  /** One a check. */
  readonly findings: readonly Finding[];

  /** For {@link conformance}. */
  constructor(findings: readonly Finding[]) {
    super();
    this.findings = findings;
  }

  /** The checks that failed; empty when the router keeps the contract. */
  get failed(): readonly Finding[] {
    return this.findings.filter(({ status }) => status === "fail");
  }

  /** The tally, and what failed. */
  override toMarkdown(): string {
    return tally(this.findings) +
      this.failed.map(({ check, detail }) => `\n- **${check}**: ${detail}`).join("");
  }

  /** The tally, and what failed. */
  override toString(): string {
    return tally(this.findings) +
      this.failed.map(({ check, detail }) => `\n  ${check}: ${detail}`).join("");
  }
}

/**
 * Runs the conformance kit on a router: it looks for what makes numbers wrong, such as dependence on the order of
 * rows or models, missing outcomes taken for failures, test data peeked at. Needs no data.
 *
 * @example
 * ```ts
 * import { conformance } from "icl-router-bench";
 * const found = await conformance("knn"); // an id, a path, or a router in memory
 * console.log(found.failed.length); // 0
 * ```
 */
export async function conformance(router: string | AnyRouter): Promise<Conformance> {
  const method = typeof router === "string" ? (await loadRouter(router)).router : router;
  return new Conformance(await conform(method));
}
