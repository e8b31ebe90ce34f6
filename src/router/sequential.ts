/**
 * The contract of routers that read replies: they ask one model after the other, see what each said, pay for
 * each, and commit to one of those they asked.
 *
 * The counterpart of `contract.ts`; `episodes.ts` is the one environment in which all of them act. A file
 * default-exports a {@link SequentialRouter} as others do a `Router`.
 * @module
 */
import type { FitContext, QueryBatch, Router, RouterCard, TrainingData } from "./contract.ts";
import { BLANK, type Reply } from "../base/reply.ts";

/** A method that visits models. The shared fields mean what they mean in {@link Router}. */
export interface SequentialRouter<C = unknown> extends
  Pick<
    Router<C>,
    | "name"
    | "summary"
    | "source"
    | "statement"
    | "needs"
    | "grid"
    | "refit"
    | "effort"
    | "reference"
  > {
  /** Most models it visits for one query, from 1; what makes a router sequential. */
  readonly horizon: number;
  /** New models cannot be taken in. */
  readonly unseen?: never;
  /** Nor is there a way to choose. */
  readonly unseenGrid?: never;
  /** Learns from training rows, with their replies if it names that need. Deterministic given its arguments. */
  fit(
    train: TrainingData,
    config: C,
    context: SequentialContext,
  ): FittedSequential | Promise<FittedSequential>;
}

/** What a fit may use besides data. */
export interface SequentialContext extends FitContext {
  /** Is shown, now and then while it learns, the router that the fit would end with: for learning curves, and no more. */
  look?(soFar: FittedSequential): Promise<void>;
}

/** Any router. */
export type AnyRouter = Router | SequentialRouter;

/** A fitted method that acts in episodes. */
export interface FittedSequential {
  /** The models that actions name by position: those of the training data. */
  readonly models: readonly string[];
  /** A quality-cost dial: settings from quality first to cost first, one point of the curve each. */
  readonly dial?: { readonly name: string; readonly values: readonly number[] };
  /**
   * Acts in episodes that have all come to the same step: one action each, in their order.
   * @param setting one of the dial's values; the headline without
   */
  act(seen: Observation, setting?: number): readonly Action[] | Promise<readonly Action[]>;
  /** Sizes, for the speed sheet. */
  describe(): RouterCard;
}

/** What is known in E episodes after `step` visits in each. No score is among it. */
export interface Observation {
  /** Their queries, as a `Router` sees them. */
  readonly queries: QueryBatch;
  /** Visits so far, from 0. */
  readonly step: number;
  /** Visited models in order, row-major [E × step]. */
  readonly visited: Uint16Array;
  /** What they said, row-major [E × step]. */
  readonly replies: readonly Reply[];
  /** What the visits cost together, US dollars; NaN = unknown. Length E. */
  readonly paid: Float64Array;
}

/** Pays for a model's reply and sees it, or answers with that of a model visited before and ends. */
export type Action = { readonly visit: number } | { readonly commit: number };

/** Whether a router visits models. */
export function isSequential(router: AnyRouter): router is SequentialRouter {
  return "horizon" in router;
}

/** Made once for each list, so that what routers keep by it serves all configurations. */
const blanks = new WeakMap<readonly Reply[], Reply[]>();

/**
 * The control "replies blanked": the same router, for which no model says anything, in learning and in acting.
 * What it is worth less than the router itself is what reading is worth.
 */
export function blanked<C>(router: SequentialRouter<C>): SequentialRouter<C> {
  const silent = (replies: readonly Reply[]): Reply[] => {
    const known = blanks.get(replies) ?? replies.map(() => BLANK);
    blanks.set(replies, known);
    return known;
  };
  const deaf = (fitted: FittedSequential): FittedSequential => ({
    ...fitted,
    act: (seen, setting) => fitted.act({ ...seen, replies: silent(seen.replies) }, setting),
  });
  const bare = (train: TrainingData): TrainingData => ({
    ...train,
    ...(train.replies && { replies: silent(train.replies) }),
    ...(train.validation && { validation: bare(train.validation) }),
  });
  return {
    ...router,
    name: `${router.name}, replies blanked`,
    summary: `control: ${router.summary}; but every reply is empty`,
    async fit(train, config, context) {
      const look = context.look && ((soFar: FittedSequential) => context.look!(deaf(soFar)));
      return deaf(await router.fit(bare(train), config, { ...context, look }));
    },
  };
}
