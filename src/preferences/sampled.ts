/**
 * A language model as matcher, too slow for all requests, on a random sample of them; the other matchers on the same
 * requests, by what they decided for all. A JSON file a model, `results/<set>@<version>/sampled.<model>.json`.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { readJson } from "../base/files.ts";
import { hashJson } from "../base/hash.ts";
import { seededOrder } from "../base/random.ts";
import { formOf } from "../results/form.ts";
import { rounded } from "../results/result.ts";
import { sameOrThrow } from "../results/same.ts";
import { chooseThreshold, withOther } from "./choose.ts";
import { domainsOf } from "./encoded.ts";
import {
  closed,
  COUNT,
  list,
  MATCHED,
  MATCHING_ROW,
  PROVENANCE,
  type Provenance,
  TEXT,
} from "./form.ts";
import { type Heard, matchesOf } from "./language_matcher.ts";
import { type LevelName, type Matched, type MatchingRow, matchingRows } from "./matching.ts";
import { pack, unpack } from "./packed.ts";
import type { LabelledQueries, Preferences } from "./read.ts";

/** How many requests are drawn. */
export interface Sample {
  /** Names the draw. */
  readonly seed: number;
  /** Requests of a part in scope, and out of it. */
  readonly validation: readonly [inside: number, outside: number];
  /** Requests that are reported. */
  readonly test: readonly [inside: number, outside: number];
}

/** The content of a file. */
export interface SampledReport extends Provenance {
  /** Says what the file is. */
  readonly format: "icl-router-bench/sampled";
  /** Version of this form. */
  readonly formatVersion: 1;
  /** The language model: its id and the hash of its weights. */
  readonly model: { readonly id: string; readonly sha256: string };
  /** The sentences of its prompt. */
  readonly prompt: string;
  /** Which requests. */
  readonly sample: Sample;
  /** The file of the other matchers, which holds the hashes of the set. */
  readonly beside: { readonly name: string; readonly sha256: string };
  /** What the language model decided for the sampled test requests, ascending by id. */
  readonly matched: readonly Matched[];
  /** Numbers on these requests: the language model's, then those of the other matchers. */
  readonly rows: readonly MatchingRow[];
  /** Hash of all of the above in canonical JSON. */
  readonly sha256: string;
}

/** `sampled.<model>.speed.json`: clocks differ, so it stands beside. By level. */
export type SampledSpeed = Readonly<Record<LevelName, Omit<Heard, "logs">>>;

/** A report with its speed sheet. */
export interface SampledFile {
  /** `sampled.smollm2-q4_1.json`. */
  readonly name: string;
  /** The content. */
  readonly report: SampledReport;
  /** What it took. */
  readonly speed: SampledSpeed;
}

/** Preferences with the drawn requests only; training requests stay. */
export function sampledPreferences(preferences: Preferences, sample: Sample): Preferences {
  const { actions, validation, test } = preferences, other = actions.length;
  const draw = (part: LabelledQueries, counts: readonly [number, number]): LabelledQueries =>
    taken(part, drawn(part, counts, other, sample.seed));
  return {
    ...preferences,
    validation: draw(validation, sample.validation),
    test: draw(test, sample.test),
  };
}

/** Rows of so many requests in scope and out of it, ascending. */
function drawn(
  { ids, labels }: LabelledQueries,
  counts: readonly [number, number],
  other: number,
  seed: number,
): number[] {
  const rows = [...ids.keys()];
  const sides = [rows.filter((i) => labels[i] < other), rows.filter((i) => labels[i] === other)];
  return sides.flatMap((side, s) =>
    seededOrder(side, (i) => ids[i], seed, "preferences/sample").slice(0, counts[s])
  ).sort((a, b) => a - b);
}

function taken({ ids, texts, labels }: LabelledQueries, rows: readonly number[]): LabelledQueries {
  return {
    ids: rows.map((i) => ids[i]),
    texts: rows.map((i) => texts[i]),
    labels: Int32Array.from(rows, (i) => labels[i]),
  };
}

/**
 * Chooses setting and threshold on the validation requests, and decides for the test requests.
 * @param heard of the validation requests, then of the test requests
 */
export function decideSampled(
  sampled: Preferences,
  level: LevelName,
  { logs }: Heard,
  matcher: string,
  seed: number,
): Matched {
  const { validation } = sampled, other = sampled[level].length;
  const validated = logs.slice(0, validation.ids.length * (other + 1));
  const labels = level === "actions" ? validation.labels : domainsOf(validation.labels, sampled);
  let best = { setting: -1, least: NaN, value: -Infinity };
  for (const [setting, match] of matchesOf(validated, validated, other).entries()) {
    const found = chooseThreshold(match, labels, other);
    if (found.value > best.value) best = { setting, ...found };
  }
  const { setting, least } = best;
  const match = matchesOf(logs.slice(validated.length), validated, other)[setting];
  return {
    ...{ level, matcher, seed, setting, least: Number.isFinite(least) ? least : null },
    routes: pack(match.route),
    decisions: pack(withOther(match, least, other)),
  };
}

/** Everything a report says besides decisions and numbers. */
export type SampledHead = Omit<
  SampledReport,
  "format" | "formatVersion" | "matched" | "rows" | "sha256"
>;

/** Counts, rounds and seals. @param others what the other matchers decided for all test requests */
export function sampledReportOf(
  head: SampledHead,
  preferences: Preferences,
  matched: readonly Matched[],
  others: readonly Matched[],
): SampledReport {
  const kept = rounded(matched);
  const content: Omit<SampledReport, "sha256"> = rounded({
    ...{ format: "icl-router-bench/sampled", formatVersion: 1, ...head },
    ...{ matched: kept, rows: sampledRows(preferences, head.sample, kept, others) },
  });
  return { ...content, sha256: hashJson(content) };
}

function sampledRows(
  preferences: Preferences,
  sample: Sample,
  matched: readonly Matched[],
  others: readonly Matched[],
): MatchingRow[] {
  const { test, actions } = preferences;
  const rows = drawn(test, sample.test, actions.length, sample.seed);
  const cut = (run: Matched): Matched => {
    const own = (text: string): string => {
      const all = unpack(text, test.ids.length, preferences[run.level].length);
      return pack(rows.map((i) => all[i]));
    };
    return { ...run, routes: own(run.routes), decisions: own(run.decisions) };
  };
  return matchingRows(sampledPreferences(preferences, sample), [...matched, ...others.map(cut)]);
}

/**
 * Computes every number again.
 * @returns how many leaves were compared
 * @throws {VerificationError} naming the field that differs
 */
export function verifySampled(
  { sample, matched, rows }: SampledReport,
  preferences: Preferences,
  others: readonly Matched[],
  where: string,
): number {
  const again = rounded(sampledRows(preferences, sample, matched, others));
  return sameOrThrow(where, "/rows", rows, again);
}

/**
 * Reads the files of a folder that stand beside one of the other matchers, in name order.
 * @throws {DataError} when one, or its speed sheet, is missing, altered, of another form or older than that file
 */
export async function readSampled(
  folder: string,
  beside: SampledReport["beside"],
): Promise<SampledFile[]> {
  const found: SampledFile[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (!/^sampled\.[^.]+\.json$/.test(name)) continue;
    const path = `${folder}/${name}`, value = await readJson(path);
    FORM.check(value, path);
    const { sha256, ...content } = value as SampledReport;
    if (hashJson(content) !== sha256) {
      throw new DataError(`${path}: /sha256 does not match the content; the file was altered`);
    }
    if (content.beside.name !== beside.name) continue;
    if (content.beside.sha256 !== beside.sha256) {
      throw new DataError(`${path}: ${beside.name} was made again since; make this again too`);
    }
    const speed = await readJson(path.replace(/json$/, "speed.json")) as SampledSpeed;
    found.push({ name, report: value as SampledReport, speed });
  }
  return found.sort((a, b) => a.name < b.name ? -1 : 1);
}

const PAIR = { type: "array", items: COUNT, minItems: 2, maxItems: 2 };

const FORM = formOf(closed({
  format: { const: "icl-router-bench/sampled" },
  formatVersion: { const: 1 },
  ...PROVENANCE,
  model: closed({ id: TEXT, sha256: TEXT }),
  prompt: TEXT,
  sample: closed({ seed: COUNT, validation: PAIR, test: PAIR }),
  beside: closed({ name: TEXT, sha256: TEXT }),
  matched: list(MATCHED),
  rows: list(MATCHING_ROW),
  sha256: TEXT,
}));
