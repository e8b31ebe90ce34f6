/**
 * A fit on rows with holes, which two checks look at: what it predicts, and whether it filled the holes in place.
 * @module
 */
import type { ModelProfiles, Predictions, QueryBatch, TrainingData } from "../contract.ts";
import { sha256 } from "../../base/hash.ts";
import { random } from "../../base/random.ts";
import { queryBatch, type Rows } from "./fixture.ts";
import { context, type Kit, learning, once, type Taught } from "./kit.ts";

/** What came of it. */
export interface TaughtOnMissing extends Taught {
  /** Training and validation rows with the holes. */
  readonly rows: Rows;
  /** Predictions for the test rows, as they came. */
  readonly predictions: Predictions;
  /** Fields of its inputs that changed while it ran, by what ran. */
  readonly changed: Readonly<Record<"fit" | "predict", readonly string[]>>;
}

/** The fit of a kit on rows with missing outcomes. */
export const onMissing: (kit: Kit) => Promise<TaughtOnMissing> = once(async (kit) => {
  const { router } = kit, rows = withMissing(kit, kit.learn);
  const train = learning(kit, rows, "final");
  const queries = queryBatch(kit.test, router.needs ?? [], false);
  let fitted: Taught["fitted"], predictions: Predictions;
  const fit = await changedBy(
    async () => fitted = await router.fit(train, router.grid[0], context(kit)),
    { train },
  );
  const predict = await changedBy(
    async () => predictions = await fitted.predict(queries),
    { train, queries },
  );
  return { rows, train, fitted: fitted!, predictions: predictions!, changed: { fit, predict } };
});

/**
 * A copy with a fifth of the outcomes missing and one query without any. Costs go missing with them,
 * except for routers that need costs: those are run on fully priced data only.
 */
function withMissing(kit: Kit, rows: Rows): Rows {
  const source = random(kit.seed, "missing"), M = rows.models.length;
  const missing = Array.from(
    rows.scores,
    (_, at) =>
      at < M || source.fork(rows.ids[Math.floor(at / M)], rows.models[at % M]).next() < 0.2,
  );
  const punch = (cells: Float64Array): Float64Array => cells.map((v, at) => missing[at] ? NaN : v);
  const costs = kit.router.needs?.includes("cost") ? rows.costs : punch(rows.costs);
  return { ...rows, scores: punch(rows.scores), costs };
}

/** What a router is given, by name. */
export type Inputs = Readonly<Record<string, TrainingData | QueryBatch | ModelProfiles>>;

/** Runs something and names the fields of its inputs that differ afterwards. */
export async function changedBy(run: () => unknown, inputs: Inputs): Promise<string[]> {
  const before = prints(inputs);
  await run();
  const after = prints(inputs);
  return [...before].filter(([field, print]) => after.get(field) !== print).map(([field]) => field);
}

/** A fingerprint of every field, so that the changed one can be named. */
function prints(inputs: Inputs): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (value: unknown, path: string): void => {
    if (ArrayBuffer.isView(value)) {
      found.set(path, sha256(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)));
    } else if (Array.isArray(value)) {
      found.set(path, sha256(JSON.stringify(value)));
    } else if (typeof value === "object" && value !== null) {
      found.set(path, Object.keys(value).join());
      for (const [key, inner] of Object.entries(value)) visit(inner, `${path}.${key}`);
    } else if (typeof value !== "function") {
      found.set(path, String(value));
    }
  };
  for (const [name, input] of Object.entries(inputs)) visit(input, name);
  return found;
}
