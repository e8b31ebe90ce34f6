/**
 * What checks are made of: fit as the harness fits, predict, choose.
 * @module
 */
import type {
  FitContext,
  FittedRouter,
  Predictions,
  QueryBatch,
  Router,
  TrainingData,
} from "../contract.ts";
import type { AnyRouter } from "../sequential.ts";
import { CapabilityError } from "../../base/errors.ts";
import { random } from "../../base/random.ts";
import { queryBatch, type Rows, takeQueries, trainingData } from "./fixture.ts";
import { type Choices, choices, prices, Violation, wellFormed } from "./predictions.ts";
import { watchGlobals } from "./watch.ts";

/** A router under test and the data it is tested on. */
export interface Kit {
  /** The router under test. */
  readonly router: Router;
  /** Training and validation rows. */
  readonly learn: Rows;
  /** Test rows. */
  readonly test: Rows;
  /** Seed of the fixture, of all shuffles and of the fits. */
  readonly seed: number;
  /** Where heavy inference runs. */
  readonly device: FitContext["device"];
}

/** One check of the kit. */
export interface Check<K = Kit> {
  /** As printed and as given to `--check`. */
  readonly name: string;
  /** The rule in one line. */
  readonly rule: string;
  /** Compares two fits, which says nothing about a router that is not deterministic. */
  readonly compares?: boolean;
  /**
   * Resolves to a remark on what was seen, or to why the check does not apply.
   * @throws {Violation} when the router breaks the rule; any other error counts as a failure too
   */
  run(kit: K): Promise<string | { readonly skip: string }>;
}

/** What may differ from the usual fit. */
export interface FitOptions {
  /** Instead of the default configuration. */
  readonly config?: unknown;
  /** Instead of the kit's seed. */
  readonly seed?: number;
  /** Instead of `final`. */
  readonly stage?: FitContext["stage"];
}

/** The context of a fit, as `runJob` makes it. */
export function context(
  { router, seed, device }: Pick<Kit, "seed" | "device"> & { readonly router: AnyRouter },
  options: FitOptions = {},
): FitContext {
  const key = options.seed ?? seed;
  return {
    stage: options.stage ?? "final",
    seed: key,
    random: random(key, "router", router.name, 0),
    device,
    progress: () => {},
    signal: new AbortController().signal,
  };
}

/**
 * Training data as the harness hands them out: while tuning the validation rows apart, at the end
 * joined with the training rows, unless the router asks for `refit: "train"`.
 */
export function learning(
  { router }: { readonly router: AnyRouter },
  rows: Rows,
  stage: FitContext["stage"],
): TrainingData {
  const needs = router.needs ?? [];
  if (stage === "final" && router.refit !== "train") return trainingData(rows, needs);
  const part = (validation: boolean): Rows =>
    takeQueries(rows, [...rows.ids.keys()].filter((i) => rows.validation[i] === validation));
  return trainingData(part(false), needs, trainingData(part(true), needs));
}

/** Fits on copies of the rows. */
export async function fit(
  kit: Kit,
  rows: Rows = kit.learn,
  options: FitOptions = {},
): Promise<FittedRouter> {
  const { config = kit.router.grid[0], stage = "final" } = options;
  return await kit.router.fit(learning(kit, rows, stage), config, context(kit, options));
}

/** Predicts for rows or for a batch made of them, and checks the shape of what comes back. */
export async function predict(
  kit: Kit,
  fitted: FittedRouter,
  rows: Rows = kit.test,
  batch: QueryBatch = queryBatch(rows, kit.router.needs ?? [], false),
): Promise<Predictions> {
  const predictions = await fitted.predict(batch);
  wellFormed(fitted.models, predictions, rows.ids);
  return predictions;
}

/** What is made of a kit once, whichever check comes first: fits are what checks spend their time on. */
export function once<K extends object, V>(make: (kit: K) => Promise<V>): (kit: K) => Promise<V> {
  const known = new WeakMap<K, Promise<V>>();
  return (kit) => {
    const made = known.get(kit) ?? make(kit);
    known.set(kit, made);
    return made;
  };
}

/** A fitted router with the training data it was given. */
export interface Taught {
  /** What it learned from. */
  readonly train: TrainingData;
  /** The router. */
  readonly fitted: FittedRouter;
}

/** The kit's own fit. */
export const usual: (kit: Kit) => Promise<Taught> = once(async (kit) => {
  const train = learning(kit, kit.learn, "final");
  return { train, fitted: await kit.router.fit(train, kit.router.grid[0], context(kit)) };
});

/** The router of the kit's own fit. */
export async function usualFit(kit: Kit): Promise<FittedRouter> {
  return (await usual(kit)).fitted;
}

/** The kit's own fit once more, its predictions for the test rows, and what {@link watchGlobals} saw meanwhile. */
export const secondRun: (kit: Kit) => Promise<{ predictions: Predictions; calls: string[] }> = once(
  async (kit) => {
    let predictions: Predictions;
    const calls = await watchGlobals(async () => predictions = await predict(kit, await fit(kit)));
    return { predictions: predictions!, calls };
  },
);

/** What the kit's own fit chooses. */
export async function usualRoute(kit: Kit, test: Rows = kit.test): Promise<Choices> {
  const fitted = await usualFit(kit);
  return choices(fitted, await predict(kit, fitted, test), test, prices(kit.learn));
}

/** Fits, predicts and chooses. */
export async function route(
  kit: Kit,
  learn: Rows = kit.learn,
  test: Rows = kit.test,
  options: FitOptions = {},
): Promise<Choices> {
  const fitted = await fit(kit, learn, options);
  return choices(fitted, await predict(kit, fitted, test), test, prices(learn));
}

/** Runs something a router may refuse; a refusal becomes a remark. */
export async function orRefusal(run: () => Promise<string>): Promise<string> {
  try {
    return await run();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (error.message.trim() === "") throw new Violation("refuses with an empty message");
    return `refuses: ${error.message}`;
  }
}

/** Whether an error says "this I cannot do", rather than being a bug. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof CapabilityError;
}
