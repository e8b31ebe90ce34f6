/**
 * Which grader grades what.
 * @module
 */
import { CapabilityError, UsageError } from "../base/errors.ts";
import { didYouMean } from "../base/suggest.ts";
import type { Query } from "./call.ts";
import { GRADERS } from "./grade.ts";

/**
 * Which grader a query gets, from entries `name` or `BENCHMARK=name`.
 * @throws {UsageError} an unknown grader, a judge without a name; when asked, a benchmark without a grader
 */
export function readGraders(
  given: readonly string[],
  judge: string | undefined,
): (query: Query) => string {
  const names = [...Object.keys(GRADERS), "judge"], byBenchmark = new Map<string, string>();
  let general: string | undefined;
  for (const entry of given) {
    const at = entry.lastIndexOf("="), name = entry.slice(at + 1);
    if (!names.includes(name)) {
      throw new UsageError(
        `--grader: no grader "${name}"${didYouMean(name, names)} (graders: ${names.join(", ")})`,
      );
    }
    if (name === "judge" && judge === undefined) {
      throw new UsageError("grader judge needs --judge <model>");
    }
    if (at < 0) general = name;
    else byBenchmark.set(entry.slice(0, at), name);
  }
  return ({ benchmark }) => {
    const name = byBenchmark.get(benchmark) ?? general;
    if (name !== undefined) return name;
    throw new UsageError(
      `no grader for benchmark "${benchmark}"; give --grader <name> (${names.join(", ")})`,
    );
  };
}

/**
 * Makes sure, before anything is paid for, that every query has a reference that its grader can read.
 * @throws {CapabilityError} naming a query without one
 * @throws {DataError} naming a query with one of another kind
 */
export function expectGradable(
  queries: readonly Query[],
  graderOf: (query: Query) => string,
): void {
  const blind = queries.filter((query) => {
    const name = graderOf(query), [gold = "[]"] = [query.gold ?? []].flat();
    return name !== "judge" && !GRADERS[name].grade({ text: gold }, query);
  });
  if (blind.length === 0) return;
  throw new CapabilityError(
    `${blind.length} of ${queries.length} queries have no reference answer (gold) to grade by, ` +
      `"${blind[0].id}" for one`,
  );
}
