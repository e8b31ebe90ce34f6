/**
 * What matchers and experts see: all texts and routes as vectors.
 * @module
 */
import { embedCached } from "../embed/cache.ts";
import type { EmbeddingProvider } from "../embed/mod.ts";
import { prepareVectors } from "../embed/prepare.ts";
import { type Matrix, takeRows } from "../linalg/mod.ts";
import type { Level } from "./matchers.ts";
import type { LabelledQueries, Preferences } from "./read.ts";

/** Queries of one part with their vectors. */
export interface EncodedPart {
  /** Length Q. */
  readonly ids: readonly string[];
  /** Index of the action wanted; the number of actions where out of scope. Length Q. */
  readonly labels: Int32Array;
  /** Of length 1, on the grid [Q × D]. */
  readonly vectors: Matrix;
}

/** Preferences as vectors. */
export interface Encoded {
  /** The routes and texts. */
  readonly preferences: Preferences;
  /** Training queries. */
  readonly train: EncodedPart;
  /** Validation queries. */
  readonly validation: EncodedPart;
  /** Test queries. */
  readonly test: EncodedPart;
  /** Names and descriptions of the actions [R × D]. */
  readonly actions: Pick<Level, "names" | "descriptions">;
  /** Of the domains. */
  readonly domains: Pick<Level, "names" | "descriptions">;
}

/**
 * Encodes all texts; what has to be fitted is fitted on training queries.
 * @param cache folder of vectors made before
 */
export async function encode(
  preferences: Preferences,
  provider: EmbeddingProvider,
  cache: string,
): Promise<Encoded> {
  const { train, validation, test, actions, domains } = preferences;
  const texts: string[] = [], ends: number[] = [];
  const routes = [actions, domains].flatMap((level) => [
    level.map(({ name }) => name.replaceAll("_", " ")),
    level.map(({ description }) => description),
  ]);
  for (const part of [train.texts, validation.texts, test.texts, ...routes]) {
    texts.push(...part);
    ends.push(texts.length);
  }
  const raw = await embedCached(provider, texts, cache);
  const all = prepareVectors(raw, provider.preparation, [...train.texts.keys()]);
  const [trained, validated, tested, ...words] = ends.map((end, part) =>
    takeRows(all, range(ends[part - 1] ?? 0, end))
  );
  const encoded = ({ ids, labels }: LabelledQueries, vectors: Matrix): EncodedPart => ({
    ids,
    labels,
    vectors,
  });
  return {
    preferences,
    train: encoded(train, trained),
    validation: encoded(validation, validated),
    test: encoded(test, tested),
    actions: { names: words[0], descriptions: words[1] },
    domains: { names: words[2], descriptions: words[3] },
  };
}

/** The queries in scope. */
export function inScope({ ids, labels, vectors }: EncodedPart, other: number): EncodedPart {
  const rows = [...ids.keys()].filter((i) => labels[i] < other);
  return {
    ids: rows.map((i) => ids[i]),
    labels: Int32Array.from(rows, (i) => labels[i]),
    vectors: takeRows(vectors, rows),
  };
}

/** Labels of actions as those of their domains; out of scope stays so. */
export function domainsOf(labels: Int32Array, { actions, domains }: Preferences): Int32Array {
  return labels.map((action) => actions[action]?.domain ?? domains.length);
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}
