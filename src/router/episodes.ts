/**
 * The one environment of sequential routers: an episode a query, in which models are visited, paid and read,
 * until one of them is committed to.
 *
 * Every visit costs what is recorded for it, whichever model is committed to. Scores are not here at all.
 * All episodes go in step, so that a router acts on many at a time; what it sees of one does not depend on
 * the others.
 * @module
 */
import { DataError } from "../base/errors.ts";
import type { Reply } from "../base/reply.ts";
import type { QueryBatch } from "./contract.ts";
import type { Action, FittedSequential, Observation } from "./sequential.ts";
import { takeBatch } from "./training.ts";

/** Queries with what visiting costs and shows; Q rows, M models. */
export interface EpisodeRows {
  /** The queries as a router sees them. */
  readonly queries: QueryBatch;
  /** Pool, in the order of the columns. */
  readonly models: readonly string[];
  /** Costs in US dollars, row-major [Q × M], NaN = unknown. */
  readonly costs: Float64Array;
  /** What every model would say, row-major [Q × M]. */
  readonly replies: readonly Reply[];
}

/** How episodes went. */
export interface Paths {
  /** Model committed to. Length Q. */
  readonly choice: Uint16Array;
  /** Models visited in order, row-major [Q × horizon]; M stands after the last. */
  readonly visited: Uint16Array;
  /** Most visits of an episode. */
  readonly horizon: number;
}

/** An action that the rules do not allow: an unknown model, one visited before, one too many, or not visited yet. */
export class IllegalAction extends DataError {
  /** Name shown with a stack. */
  override name = "IllegalAction";
}

/** Episodes in progress, one a query. */
export class Episodes {
  readonly #rows: EpisodeRows;
  readonly #horizon: number;
  readonly #choice: Uint16Array;
  readonly #visited: Uint16Array;
  readonly #paid: Float64Array;
  #open: number[];
  #step = 0;

  /** Begins an episode for every row, of at most `horizon` visits. */
  constructor(rows: EpisodeRows, horizon: number) {
    const Q = rows.queries.ids.length, M = rows.models.length;
    this.#rows = rows;
    this.#horizon = Math.min(horizon, M);
    this.#choice = new Uint16Array(Q).fill(M);
    this.#visited = new Uint16Array(Q * this.#horizon).fill(M);
    this.#paid = new Float64Array(Q);
    this.#open = [...rows.queries.ids.keys()];
  }

  /** Whether all have ended. */
  get done(): boolean {
    return this.#open.length === 0;
  }

  /** What is seen in the episodes that go on. All of it is copied: nothing leads to what is not to be seen. */
  observe(): Observation {
    const { queries, models, replies } = this.#rows, open = this.#open, M = models.length;
    const visited = Uint16Array.from(open.flatMap((i) => this.#pathOf(i)));
    return {
      queries: open.length === queries.ids.length
        ? queries
        : takeBatch(queries, open, `after ${this.#step} visits/${unique++}`),
      step: this.#step,
      visited,
      replies: Array.from(visited, (m, at) => replies[open[Math.floor(at / this.#step)] * M + m]),
      paid: Float64Array.from(open, (i) => this.#paid[i]),
    };
  }

  /**
   * Takes one action for every episode that goes on, in the order of {@link observe}.
   * @throws {IllegalAction} naming the query and the rule
   */
  take(actions: readonly Action[]): void {
    const { queries: { ids }, models, costs } = this.#rows, M = models.length;
    if (actions?.length !== this.#open.length) {
      throw new IllegalAction(`act: ${actions?.length} actions for ${this.#open.length} episodes`);
    }
    const step = this.#step, on: number[] = [];
    this.#open.forEach((i, e) => {
      const wrong = this.#whatIsWrong(actions[e], this.#pathOf(i));
      if (wrong) throw new IllegalAction(`act: query ${ids[i]}, after ${step} visits: ${wrong}`);
      const action = actions[e];
      if ("commit" in action) {
        this.#choice[i] = action.commit;
        return;
      }
      this.#visited[i * this.#horizon + step] = action.visit;
      this.#paid[i] += costs[i * M + action.visit];
      on.push(i);
    });
    this.#open = on;
    this.#step++;
  }

  /** How they went, once all have ended. */
  paths(): Paths {
    return { choice: this.#choice, visited: this.#visited, horizon: this.#horizon };
  }

  #pathOf(i: number): number[] {
    return [...this.#visited.subarray(i * this.#horizon, i * this.#horizon + this.#step)];
  }

  #whatIsWrong(action: Action, path: readonly number[]): string | undefined {
    const { models } = this.#rows;
    if (Object(action) !== action || ("visit" in action) === ("commit" in action)) {
      return `expected a visit or a commit, got ${JSON.stringify(action)}`;
    }
    if ("commit" in action) {
      return path.includes(action.commit)
        ? undefined
        : `commits to ${models[action.commit] ?? action.commit}, which was not visited`;
    }
    const { visit } = action;
    if (models[visit] === undefined) return `visits ${visit} of ${models.length} models`;
    if (path.includes(visit)) return `visits ${models[visit]} again`;
    if (path.length === this.#horizon) return `a visit beyond the horizon of ${this.#horizon}`;
  }
}

/** Lets a fitted router act until all episodes have ended. */
export async function playEpisodes(
  fitted: Pick<FittedSequential, "act">,
  rows: EpisodeRows,
  horizon: number,
  setting?: number,
): Promise<Paths> {
  const episodes = new Episodes(rows, horizon);
  while (!episodes.done) episodes.take(await fitted.act(episodes.observe(), setting));
  return episodes.paths();
}

/** Batches of one step differ between settings of a dial: their memos must not be taken for one another. */
let unique = 0;
