/**
 * The prompt of Arch-Router as token ids: a task, the routes as JSON objects, the conversation as JSON; the answer is
 * `{"route": "name"}`, or `other`. The wording is ours: the specification gives the parts, not the sentences.
 * @module
 */
import type { LmTokenizer } from "../lm/tokenizer.ts";
import type { Route } from "./read.ts";

/** The sentences. They stand before the list, so that all requests share what is read of them. */
export const TASK: string =
  "You are a router. Choose the route that fits the user's last request best. If no route fits, " +
  'choose "other". Reply with JSON only: {"route": "name of the route"}';

/** A prompt in three parts. */
export interface RoutePrompt {
  /** Task and list of routes, up to where the conversation stands. */
  readonly prefix: readonly number[];
  /** The rest, up to where the name of the route stands. */
  request(text: string): number[];
  /** Names of the routes to the end of the answer, then that of `other`. Length R + 1. */
  readonly answers: readonly (readonly number[])[];
}

/** Writes a prompt in ChatML. @throws {DataError} when the tokenizer knows no such chat */
export function routePrompt(tokenizer: LmTokenizer, routes: readonly Route[]): RoutePrompt {
  const start = tokenizer.special("<|im_start|>"), end = tokenizer.special("<|im_end|>");
  const list = routes.map(({ name, description }) =>
    JSON.stringify({ name: inWords(name), description })
  ).join("\n");
  const conversation = (content: string): string => JSON.stringify([{ role: "user", content }]);
  return {
    prefix: tokenizer.encode([
      ...[start, `user\n${TASK}\n\n`],
      `<routes>\n${list}\n</routes>\n\n<conversation>\n`,
    ]),
    request: (text) =>
      tokenizer.encode([
        ...[`${conversation(text)}\n</conversation>`, end, "\n"],
        ...[start, 'assistant\n{"route": "'],
      ]),
    answers: [...routes.map(({ name }) => inWords(name)), "other"]
      .map((name) => tokenizer.encode(`${name}"}`)),
  };
}

/** A name as the cosine matcher reads it too. */
function inWords(name: string): string {
  return name.replaceAll("_", " ");
}
