/**
 * One try of one call: sends it, reads the reply, and says what became of it.
 *
 * What has begun to arrive is not asked for again: a reply of status 200 that breaks off, is empty or is
 * no reply ends the call. Before that, what may pass by itself (no connection, 429, 5xx, silence) is worth
 * another try, and what would meet every call of the model (a refused key, another model's name) ends them all.
 * @module
 */
import type { TokenCounter } from "../outcomes/tokens.ts";
import type { Call } from "./call.ts";
import { type Reply, replyReader } from "./reply.ts";
import { retryAfter } from "./retry.ts";
import { redact } from "./redact.ts";

/** An answer as the journal keeps it. */
export interface Answer {
  /** The reply. */
  readonly text: string;
  /** [input, output] tokens. */
  readonly tokens: readonly [number, number];
  /** Who counted them: the endpoint, or we, with one tokenizer for all models. */
  readonly counted: "usage" | "here";
  /** Of the input tokens, those that the endpoint had in its cache; absent where it does not say. */
  readonly cached?: number;
  /** Name of the model that answered; absent where the endpoint does not say. */
  readonly served?: string;
  /** Milliseconds from sending to the first text; absent where the reply came in one piece. */
  readonly first_ms?: number;
  /** Milliseconds from sending to the end. */
  readonly whole_ms: number;
  /** Why it ended, where the endpoint says it. */
  readonly finish?: string;
  /** First tokens with log-probabilities, where asked for. */
  readonly first?: readonly (readonly [string, number])[];
}

/** What became of one try. `billed`: it may have been charged for, though nobody says how much. */
export type Outcome =
  | { readonly kind: "answer"; readonly answer: Answer }
  | {
    readonly kind: "again";
    readonly why: string;
    readonly billed: boolean;
    /** Milliseconds that the endpoint asked us to wait. */
    readonly wait?: number;
  }
  | { readonly kind: "failed" | "stop"; readonly why: string; readonly billed: boolean };

/** Where and how to ask. */
export interface Endpoint {
  /** Base address, `https://host/v1`. */
  readonly url: string;
  /** The key itself; never written anywhere. */
  readonly key?: string;
  /** Another name under which the asked model may answer. */
  readonly served?: string;
  /** Ask for replies in one piece. */
  readonly whole: boolean;
  /** Milliseconds of silence after which a connection counts as dead. */
  readonly timeout: number;
}

/** Makes the function that tries a call once. */
export function asker(
  endpoint: Endpoint,
  countTokens: TokenCounter,
): (call: Call) => Promise<Outcome> {
  return async (call) => redact(await attempt(call, endpoint, countTokens), endpoint.key);
}

async function attempt(call: Call, endpoint: Endpoint, count: TokenCounter): Promise<Outcome> {
  const started = performance.now();
  const silence = new AbortController();
  const wait = (): ReturnType<typeof setTimeout> =>
    setTimeout(
      () => silence.abort(new Error(`silent for ${endpoint.timeout} ms`)),
      endpoint.timeout,
    );
  let timer = wait();
  let begun = false, first: number | undefined;
  try {
    const response = await send(call, endpoint, silence.signal);
    if (response.status !== 200) return await refused(response);
    const reader = replyReader(response.headers.get("content-type") ?? "");
    const streamed = response.headers.get("content-type")?.includes("event-stream");
    for await (const piece of response.body ?? []) {
      begun = true;
      clearTimeout(timer);
      timer = wait();
      if (reader.push(piece) && streamed) first ??= performance.now() - started;
    }
    begun = true; // an empty body is a reply, too
    return judged(call, endpoint, reader.end(), { started, first, count });
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const why = causes(error);
    if (begun) return { kind: "failed", why, billed: true };
    return { kind: "again", why, billed: !/connection refused|dns error/i.test(why) };
  } finally {
    clearTimeout(timer);
  }
}

function send(
  { body }: Call,
  { url, key, whole }: Endpoint,
  signal: AbortSignal,
): Promise<Response> {
  return fetch(`${url.replace(/\/$/, "")}/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(
      whole ? body : { ...body, stream: true, stream_options: { include_usage: true } },
    ),
    redirect: "manual", // a key goes to the host that was named, and to no other
    signal,
  });
}

/** Statuses that would meet every call of the model. */
const FOR_ALL = new Set([401, 402, 403, 404, 405]);
/** Statuses that may pass by themselves. */
const PASSING = new Set([408, 409, 425, 429]);

async function refused(response: Response): Promise<Outcome> {
  const { status, headers } = response;
  const said = (await response.text().catch(() => "")).replace(/\s+/g, " ").trim().slice(0, 200);
  const why = `${status} ${response.statusText}${said && `: ${said}`}`;
  if (status >= 300 && status < 400) {
    return { kind: "stop", why: `${status}, and redirects are not followed`, billed: false };
  }
  if (FOR_ALL.has(status)) return { kind: "stop", why, billed: false };
  if (status < 500 && !PASSING.has(status)) return { kind: "failed", why, billed: false };
  const wait = retryAfter(headers.get("retry-after"), Date.now());
  return { kind: "again", why, billed: status >= 500, ...(wait !== undefined && { wait }) };
}

/** A whole reply: from the right model it is an answer. */
function judged(
  { body }: Call,
  endpoint: Endpoint,
  reply: Reply,
  how: { started: number; first?: number; count: TokenCounter },
): Outcome {
  if (!isAsked(reply.model, body.model, endpoint.served)) {
    const why = `"${body.model}" was asked and "${reply.model}" answered`;
    return { kind: "stop", why, billed: true };
  }
  const { count, started, first } = how;
  const tokens = reply.usage ?? [
    body.messages.reduce((sum, { content }) => sum + count(content), 0),
    count(reply.reasoning) + count(reply.text),
  ];
  return {
    kind: "answer",
    answer: {
      text: reply.text,
      tokens,
      counted: reply.usage ? "usage" : "here",
      ...(reply.cached !== undefined && { cached: reply.cached }),
      ...(reply.model !== undefined && { served: reply.model }),
      ...(first !== undefined && { first_ms: Math.round(first) }),
      whole_ms: Math.round(performance.now() - started),
      ...(reply.finish !== undefined && { finish: reply.finish }),
      ...(reply.first && { first: reply.first }),
    },
  };
}

/** Whether the name served is the one asked: the same, a dated version of it, or the one that was announced. */
function isAsked(
  served: string | undefined,
  asked: string,
  announced: string | undefined,
): boolean {
  if (served === undefined || served === asked || served === announced) return true;
  return served.startsWith(`${asked}-`) && /^[\d-]{4,10}$/.test(served.slice(asked.length + 1));
}

function causes(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
