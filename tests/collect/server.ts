/**
 * An OpenAI-form server that fails in ten ways, each under the name of a model; `good` does not fail.
 * @module
 */

/** A running server. */
export interface TestServer extends AsyncDisposable {
  /** Base address, as `--endpoint` takes it. */
  readonly url: string;
  /** What was asked, in order. */
  readonly asked: Asked[];
}

/** One request. */
export interface Asked {
  /** Model asked. */
  readonly model: string;
  /** Last turn. */
  readonly query: string;
  /** Header with the key. */
  readonly authorization: string | null;
  /** When it came, milliseconds. */
  readonly at: number;
  /** The whole body. */
  readonly body: Record<string, unknown>;
}

const encoder = new TextEncoder();
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts it on a free port. @param delay milliseconds before each answer */
export function serve(delay = 0): TestServer {
  const asked: Asked[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const body = await request.json();
      const { model, messages } = body, query = messages.at(-1).content;
      const authorization = request.headers.get("authorization");
      asked.push({ model, query, authorization, at: performance.now(), body });
      const earlier = asked.filter((each) => each.model === model && each.query === query).length -
        1;
      if (delay > 0) await sleep(delay);
      return answer(model, query, earlier, authorization, body);
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/v1`,
    asked,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** What the answer to a query is: what stands in brackets in it. */
function textFor(query: string): string {
  return /\[(.*?)\]/.exec(query)?.[1] ?? "no idea";
}

function answer(
  model: string,
  query: string,
  earlier: number,
  authorization: string | null,
  body: Record<string, unknown>,
): Response {
  const text = textFor(query);
  switch (model) {
    case "too-many": // 429 once, with a wait
      if (earlier > 0) return stream(model, text);
      return new Response("slow down", { status: 429, headers: { "retry-after": "0.2" } });
    case "broken": // 500 twice
      return earlier > 1 ? stream(model, text) : new Response("oops", { status: 500 });
    case "down":
      return new Response("oops", { status: 503 });
    case "cut":
      return stream(model, text, { cut: true });
    case "wrong":
      return stream("another-model", text);
    case "no-usage":
      return stream(model, text, { usage: false });
    case "slow":
      return stream(model, text, { silence: 5000 });
    case "empty":
      return new Response("", { headers: { "content-type": "application/json" } });
    case "blank":
      return stream(model, "");
    case "not-json":
      return new Response("<html>hello</html>", { headers: { "content-type": "text/html" } });
    case "twice":
      return stream(model, text, { twice: true });
    case "unicode":
      return stream(model, text, { bytewise: true });
    case "no-key":
      return new Response(`{"error": {"message": "wrong key ${authorization}"}}`, { status: 401 });
    case "too-long":
      return new Response("context too long", { status: 400 });
    case "echo":
      return stream(model, `${text} ${authorization}`);
    case "judge":
      return stream(model, /judge:\nParis/.test(query) ? "yes" : "No.");
    case "whole":
      return Response.json({
        model: "whole-2026-01-31",
        choices: [{ message: { content: text }, finish_reason: "stop", logprobs: logprobs(body) }],
        usage: {
          prompt_tokens: 9,
          completion_tokens: 3,
          prompt_tokens_details: { cached_tokens: 4 },
        },
      });
    default:
      return stream(model, text);
  }
}

function logprobs(body: Record<string, unknown>): unknown {
  if (!body.logprobs) return null;
  const top_logprobs = [["Yes", 0.6], [" yes", 0.1], ["No", 0.2]]
    .map(([token, p]) => ({ token, logprob: Math.log(p as number) }));
  return { content: [{ token: "Yes", logprob: -0.5, top_logprobs }] };
}

interface How {
  readonly cut?: boolean;
  readonly usage?: boolean;
  readonly silence?: number;
  readonly twice?: boolean;
  readonly bytewise?: boolean;
}

/** An answer as events, one character each. */
function stream(model: string, text: string, how: How = {}): Response {
  const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
  const characters = [...text].map((content) =>
    event({ model, choices: [{ index: 0, delta: { content } }] })
  );
  const usage = { prompt_tokens: 20, completion_tokens: characters.length };
  const ending = [
    event({ model, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }),
    ...(how.usage === false ? [] : [event({ model, choices: [], usage })]),
    "data: [DONE]\n\n",
  ];
  const whole = [": a comment\n\n", ...characters, ...ending];
  const parts = how.cut ? whole.slice(0, 3) : how.twice ? [...whole, ...whole] : whole;
  const bytes = parts.map((part) => encoder.encode(part));
  const pieces = how.bytewise
    ? bytes.flatMap((part) => [...part].map((b) => Uint8Array.of(b)))
    : bytes;
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (at === 1 && how.silence) await sleep(how.silence);
      if (at < pieces.length) return controller.enqueue(pieces[at++]);
      controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}
