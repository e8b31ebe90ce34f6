/**
 * A small server in OpenAI's form over one model that answers one prompt at a time: `/v1/models` and
 * `/v1/chat/completions`, whole or as a stream.
 * @module
 */
import type { Completion, LocalModel, Prompt } from "./gguf.ts";

/** Answers requests for a model under a name. */
export function chatHandler(
  name: string,
  model: LocalModel,
): (request: Request) => Promise<Response> {
  let queue: Promise<unknown> = Promise.resolve();
  /** One after another, whatever became of the one before. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(work, work);
    queue = turn.catch(() => {});
    return turn;
  };
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/v1/models") return Response.json({ data: [{ id: name, object: "model" }] });
    if (pathname !== "/v1/chat/completions" || request.method !== "POST") {
      return refuse(404, "expected POST /v1/chat/completions or GET /v1/models");
    }
    const body = await request.json().catch(() => undefined);
    if (body?.model !== name) return refuse(404, `the model here is "${name}"`);
    const prompt = readPrompt(body);
    if (!prompt) {
      return refuse(400, "expected messages, each with role and content, the last by the user");
    }
    const answer = (onText: (piece: string) => void, signal: AbortSignal): Promise<Completion> =>
      inTurn(() => model.complete(prompt, onText, signal));
    return body.stream === true
      ? streamed(name, answer)
      : await whole(name, answer, request.signal);
  };
}

/** Milliseconds between signs of life while a prompt waits for its turn. */
const HEARTBEAT = 10_000;

type Answer = (onText: (piece: string) => void, signal: AbortSignal) => Promise<Completion>;

function readPrompt(body: Record<string, unknown>): Prompt | undefined {
  const { messages, max_tokens, max_completion_tokens, temperature = 1, seed } = body;
  const isTurn = (turn: unknown): boolean =>
    typeof turn === "object" && turn !== null && "role" in turn && "content" in turn &&
    typeof turn.role === "string" && typeof turn.content === "string";
  if (!Array.isArray(messages) || !messages.every(isTurn)) return undefined;
  if (messages.at(-1)?.role !== "user") return undefined;
  const maxTokens = Number(max_tokens ?? max_completion_tokens ?? 512);
  if (!(maxTokens >= 1) || typeof temperature !== "number") return undefined;
  return { messages, maxTokens, temperature, ...(typeof seed === "number" && { seed }) };
}

async function whole(name: string, answer: Answer, signal: AbortSignal): Promise<Response> {
  let content = "";
  try {
    const done = await answer((piece) => void (content += piece), signal);
    const message = { role: "assistant", content };
    return Response.json({
      object: "chat.completion",
      model: name,
      choices: [{ index: 0, message, finish_reason: done.finish }],
      usage: usage(done),
    });
  } catch (error) {
    return refuse(400, (error as Error).message);
  }
}

function streamed(name: string, answer: Answer): Response {
  const gone = new AbortController();
  const events = new ReadableStream<string>({
    async start(controller) {
      const write = (text: string): void => {
        if (!gone.signal.aborted) controller.enqueue(text);
      };
      const facts = { object: "chat.completion.chunk", model: name };
      const send = (value: object): void =>
        write(`data: ${JSON.stringify({ ...facts, ...value })}\n\n`);
      const heartbeat = setInterval(() => write(": waiting\n\n"), HEARTBEAT);
      try {
        const done = await answer(
          (content) => send({ choices: [{ index: 0, delta: { content } }] }),
          gone.signal,
        );
        send({ choices: [{ index: 0, delta: {}, finish_reason: done.finish }] });
        send({ choices: [], usage: usage(done) });
      } catch (error) {
        send({ error: { message: (error as Error).message } });
      }
      clearInterval(heartbeat);
      if (gone.signal.aborted) return;
      controller.enqueue("data: [DONE]\n\n");
      controller.close();
    },
    cancel: () => gone.abort(),
  });
  return new Response(events.pipeThrough(new TextEncoderStream()), {
    headers: { "content-type": "text/event-stream" },
  });
}

function usage({ tokens: [prompt_tokens, completion_tokens], cached }: Completion): object {
  return {
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    ...(cached !== undefined && { prompt_tokens_details: { cached_tokens: cached } }),
  };
}

function refuse(status: number, message: string): Response {
  return Response.json({ error: { message } }, { status });
}
