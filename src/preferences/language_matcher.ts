/**
 * A language model as matcher: it reads the list of routes and a request, and is asked how likely it names each.
 * @module
 */
import type { Backbone } from "../lm/backbone.ts";
import { Choices } from "../lm/choices.ts";
import type { Match } from "./matchers.ts";
import type { Route } from "./read.ts";
import { routePrompt } from "./route_prompt.ts";

/** What a language model said of some requests. */
export interface Heard {
  /** ln p of every route's name, then of `other`, row-major [Q × (R + 1)]; the p of a request sum to 1. */
  readonly logs: readonly number[];
  /** Milliseconds a request behind the list, which is read before, median. */
  readonly p50Milliseconds: number;
  /** Seconds of reading the list. */
  readonly listSeconds: number;
}

/** Asks for every request; on one thread. */
export async function ask(
  model: Backbone,
  routes: readonly Route[],
  texts: readonly string[],
  onProgress?: (done: number) => void,
): Promise<Heard> {
  const prompt = routePrompt(model.tokenizer, routes), width = routes.length + 1;
  const start = performance.now();
  const choices = await Choices.open(model, prompt.prefix, prompt.answers);
  const listSeconds = (performance.now() - start) / 1000;
  const logs = new Array<number>(texts.length * width), times: number[] = [];
  const requests = texts.map((text, i) => ({ i, ids: prompt.request(text) }));
  // Requests of one length share a program; the median is that of those that did not compile it.
  requests.sort((a, b) => a.ids.length - b.ids.length || a.i - b.i);
  for (const { i, ids } of requests) {
    const start = performance.now();
    (await choices.logLikelihoods(ids)).forEach((log, r) => logs[i * width + r] = log);
    times.push(performance.now() - start);
    onProgress?.(times.length);
  }
  await choices.release();
  return { logs, p50Milliseconds: times.sort((a, b) => a - b)[times.length >> 1], listSeconds };
}

/** How logs are read: as they are, or less their means. */
export const SETTINGS = ["as it says", "less its means"] as const;

/**
 * The best route of every request; its support is ln p(route) − ln p(other), so that 0 is the prompt's own rule.
 *
 * A small model prefers some names whatever is asked. Its means over validation requests say which (no labels are
 * needed), and less these it compares requests (batch calibration, Zhou and others 2023).
 * @param logs of the requests [Q × (R + 1)]
 * @param validation of validation requests, which the means are of
 */
export function matchesOf(
  logs: readonly number[],
  validation: readonly number[],
  routes: number,
): Match[] {
  const width = routes + 1, rows = validation.length / width, means = new Float64Array(width);
  validation.forEach((log, at) => means[at % width] += log / rows);
  return SETTINGS.map((_, setting) => {
    const shown = setting === 0 ? Float64Array.from(logs) : Float64Array.from(
      logs,
      (log, at) => log - means[at % width],
    );
    return matchOf(shown, routes);
  });
}

function matchOf(scores: Float64Array, routes: number): Match {
  const width = routes + 1, Q = scores.length / width;
  const route = new Int32Array(Q), support = new Float64Array(Q);
  for (let i = 0; i < Q; i++) {
    const own = scores.subarray(i * width, i * width + routes);
    route[i] = own.reduce((best, value, r) => value > own[best] ? r : best, 0);
    support[i] = own[route[i]] - scores[i * width + routes];
  }
  return { route, support };
}
