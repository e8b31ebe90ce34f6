/**
 * Does a result tell the truth about its run? Its rows, splits, seeds and tuning against the files beside
 * it, and against what protocol and data make of them.
 * @module
 */
import { DataError, VerificationError } from "../base/errors.ts";
import { shellWords } from "../base/shell.ts";
import { ARMS } from "../run/new_model_job.ts";
import type { DistinctTable } from "../audit/drop_duplicates.ts";
import { type Split, splitHash } from "../splits/split.ts";
import { makeSplits } from "../splits/make.ts";
import { REFERENCES } from "../router/references.ts";
import { type DecisionEntry, named } from "./decision_file.ts";
import { chosenFor, splitFacts } from "./facts.ts";
import type { OpenedResult, Result, RouterEntry } from "./result.ts";
import { sameOrThrow } from "./same.ts";

/**
 * Checks what needs no outcomes.
 * @throws {VerificationError} naming the field that does not follow from decisions and splits
 */
export function checkRun(path: string, decisionPath: string, opened: OpenedResult): void {
  const { result, entries, splits } = opened;
  sameOrThrow(path, "/splits/parts", result.splits.parts, splitFacts(splits));
  checkRows(path, decisionPath, opened);
  result.routers.forEach(({ id, chosen }, r) => {
    sameOrThrow(path, `/routers/${r}/chosen`, chosen, chosenFor(id, entries));
  });
  checkProtocol(path, opened);
  checkCommand(path, result);
}

/** Reference rows first and whole; one entry for every applicable row and split, in this order. */
function checkRows(path: string, decisionPath: string, opened: OpenedResult): void {
  const { result: { routers }, entries, splits } = opened;
  REFERENCES.forEach(({ id, router: { name, needs = [], grid, unseen = null } }, r) => {
    const known = { id, name, needs, grid, unseen, reference: true, sha256: "reference" };
    const stored = Object.fromEntries(
      Object.keys(known).map((field) => [field, routers[r]?.[field as keyof RouterEntry]]),
    );
    sameOrThrow(path, `/routers/${r}`, stored, known);
  });
  const surplus = routers.findIndex((r, i) =>
    i >= REFERENCES.length && r.sha256 === "reference" ||
    routers.findIndex(({ id }) => id === r.id) !== i
  );
  if (surplus >= 0) {
    throw new VerificationError(
      `${path}: /routers/${surplus} is a second or unknown "${routers[surplus].id}"`,
    );
  }
  const expected = routers.filter((r) => r.notApplicable === null)
    .flatMap(({ id }) => splits.map((s) => `${id}, seed ${s.seed}, fold ${s.fold}`));
  for (let i = 0; i < Math.max(expected.length, entries.length); i++) {
    const got = i < entries.length ? named(entries[i]) : "nothing";
    if (got !== expected[i]) {
      throw new DataError(
        `${decisionPath}: entry ${i}: expected decisions of ${
          expected[i] ?? "no more"
        }, got ${got}`,
      );
    }
  }
  routers.forEach(({ id, grid, unseenGrid: ways = grid }, r) => {
    const odd = entries.find((e) =>
      e.router === id && e.tuning.trials.length > 0 && e.tuning.trials.length !== grid.length
    );
    if (odd) {
      throw new VerificationError(
        `${path}: /routers/${r}/grid has ${grid.length} configurations, ${named(odd)} tried ` +
          `${odd.tuning.trials.length}`,
      );
    }
    const played = entries.find((e) =>
      e.router === id && e.tuning.replay?.some(({ trials }) => trials.length !== ways.length)
    );
    if (played) {
      throw new VerificationError(
        `${path}: /routers/${r} takes in new models in ${ways.length} ways, ${
          named(played)
        } tried others`,
      );
    }
  });
}

function checkProtocol(
  path: string,
  { result: { protocol, routers }, entries, splits }: OpenedResult,
): void {
  const foreign = splits.find((split) => split.protocol !== protocol.name);
  sameOrThrow(path, "/protocol/name", protocol.name, foreign?.protocol ?? protocol.name);
  sameOrThrow(path, "/protocol/seeds", protocol.seeds, [...new Set(splits.map((s) => s.seed))]);
  const isNewModel = splits[0].heldOutModels.length > 0;
  for (const entry of entries) {
    if (!isNewModel) {
      sameOrThrow(path, "/protocol/budgets", protocol.budgets, []);
      sameOrThrow(path, "/protocol/arms", protocol.arms ?? [], []);
      continue;
    }
    const split = splits.find((s) => s.seed === entry.seed && s.fold === entry.fold)!;
    checkArms(path, protocol, routers.find(({ id }) => id === entry.router)!, entry, split);
  }
}

/** Every arm that was asked for at every size that fits the profile, done or refused; and no other. */
function checkArms(
  path: string,
  { budgets, arms = ARMS }: Result["protocol"],
  { reference, unseen }: RouterEntry,
  { columns, card }: DecisionEntry,
  { profile }: Split,
): void {
  const asked = arms.filter((arm) => !reference || arm === "own" || arm === "ignore")
    .map((arm) => arm === "own" ? unseen : arm);
  const fitting = budgets.filter((n) => n <= (profile?.order.length ?? 0));
  const refused = new Set(card.notes.map((note) => note.slice(0, note.indexOf(":"))));
  for (const arm of ["zero-update", "fit-new-vector", "retrain"] as const) {
    const sizes = new Set(columns.flatMap((c) => c.arm === arm && c.n !== undefined ? [c.n] : []));
    const meant = fitting.filter((n) => sizes.has(n) || !refused.has(`${arm}, ${n} labels`));
    const isAsked = asked.includes(arm);
    const field = isAsked ? "/protocol/budgets" : "/protocol/arms";
    sameOrThrow(path, field, isAsked ? meant : [], [...sizes]);
  }
  for (const arm of ["clairvoyant", "ignore"] as const) {
    const has = columns.some((c) => c.arm === arm) || refused.has(`${arm}, Infinity labels`);
    sameOrThrow(path, "/protocol/arms", asked.includes(arm), has);
  }
}

/** A setting that the command leaves out must have its default, and one that it gives must be so. */
function checkCommand(
  path: string,
  { command, protocol, dataset, predictions }: Result,
): void {
  const said = flagsOf(command);
  const facts: [flag: string, field: string, value: string | undefined][] = [
    ["protocol", "name", protocol.name],
    ["seeds", "seeds", protocol.seeds.join(",")],
    ["validation", "validation", protocol.validation === "id" ? "id" : undefined],
    ["control", "control", protocol.control === "none" ? undefined : protocol.control],
    ["arms", "arms", protocol.arms?.join(",")],
    ["subsets", "subsets", protocol.subsets === null ? undefined : String(protocol.subsets)],
    ["selection", "selection", protocol.selection ?? undefined],
    ["device", "device", protocol.device === "cpu" ? undefined : protocol.device],
  ];
  sameOrThrow(path, "/predictions", predictions !== undefined, said.get("keep") === "predictions");
  sameOrThrow(path, "/dataset/gaps", dataset.gaps ?? "", said.get("gaps") ?? "");
  sameOrThrow(path, "/dataset/limit", String(dataset.limit ?? ""), said.get("limit") ?? "");
  for (const [flag, field, value] of facts) {
    if (said.get(flag) !== value) {
      throw new VerificationError(
        `${path}: /protocol/${field} is ${value ?? "the default"}, but /command says --${flag} ` +
          `${said.get(flag) ?? "not at all"}`,
      );
    }
  }
}

/** The flags of a recorded command: each with its value, unquoted. */
export function flagsOf(command: string): Map<string, string> {
  const words = shellWords(command);
  return new Map(
    words.flatMap((word, at) => word.startsWith("--") ? [[word.slice(2), words[at + 1]]] : []),
  );
}

/**
 * Draws the splits again from protocol and seeds: nobody chose the test rows.
 *
 * @returns the splits
 * @throws {VerificationError} naming the split that is another
 */
export function checkDraws(
  path: string,
  { result: { protocol, splits: { parts } }, splits }: OpenedResult,
  { table, groups }: DistinctTable,
): readonly Split[] {
  const { name, seeds, validation, subsets, selection } = protocol;
  let drawn: Split[];
  try {
    drawn = makeSplits(table, groups, name, seeds, {
      validation: validation as "benchmarks" | "id",
      ...(subsets !== null && { subsets }),
      ...(selection !== null && { selection: selection as "random" | "discriminative" }),
    });
  } catch (error) {
    if (!(error instanceof Error && "exitCode" in error)) throw error;
    throw new VerificationError(`${path}: /protocol: ${error.message}`);
  }
  const odd = Math.max(splits.length, drawn.length) === splits.length
    ? splits.findIndex((split, i) => !drawn[i] || splitHash(split) !== splitHash(drawn[i]))
    : splits.length;
  if (odd >= 0) {
    const { seed, name: fold } = parts[odd] ?? { seed: drawn[odd].seed, name: drawn[odd].foldName };
    throw new VerificationError(
      `${path}: /splits/parts/${odd} (seed ${seed}, ${fold}) is not the split that protocol ${name} draws`,
    );
  }
  return splits;
}
