/**
 * Replies of an OpenAI-compatible endpoint, whole or as a stream of events, read from bytes as they come.
 * @module
 */

/** What a reply said. */
export interface Reply {
  /** The answer. */
  readonly text: string;
  /** What the model thought aloud beside it; billed, not graded. */
  readonly reasoning: string;
  /** Name of the model that answered, where the endpoint says it. */
  readonly model?: string;
  /** [input, output] tokens, where the endpoint says them. */
  readonly usage?: readonly [number, number];
  /** Input tokens that came from the endpoint's cache, where it says so. */
  readonly cached?: number;
  /** Why it ended, where the endpoint says it: `stop`, `length`, `content_filter`. */
  readonly finish?: string;
  /** The likeliest first tokens with their log-probabilities, where asked for and given. */
  readonly first?: readonly (readonly [string, number])[];
}

/** A reply that is not one: broken off, empty, not JSON, or an error in the place of an answer. */
export class ReplyError extends Error {
  /** Name shown with a stack. */
  override name = "ReplyError";
}

/** Reads a reply from pieces of bytes, cut anywhere. */
export interface ReplyReader {
  /** Takes the next piece; returns whether text of the answer has begun. @throws {ReplyError} */
  push(bytes: Uint8Array): boolean;
  /** The reply, when the connection has ended. @throws {ReplyError} when it is not whole */
  end(): Reply;
}

/** Opens a reader by the content type of the response. */
export function replyReader(contentType: string): ReplyReader {
  return contentType.includes("text/event-stream") ? eventReader() : wholeReader();
}

type Json = Record<string, unknown>;
const object = (value: unknown): Json => (typeof value === "object" && value ? value as Json : {});
const string = (value: unknown): string => typeof value === "string" ? value : "";
const count = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? value as number : undefined;

/** Events end in an empty line; what comes after `[DONE]` does not count. */
function eventReader(): ReplyReader {
  const decoder = new TextDecoder();
  const so = { text: "", reasoning: "", done: false, facts: {} as Facts };
  let rest = "", data: string[] = [];
  const line = (text: string): void => {
    if (so.done) return;
    if (text.startsWith("data:")) return void data.push(text.slice(5).trimStart());
    if (text !== "" || data.length === 0) return;
    const event = data.join("\n");
    data = [];
    if (event === "[DONE]") return void (so.done = true);
    const over = so.facts.finish !== undefined; // a stream sent twice: the first one counts
    const { choice, facts } = readFacts(parse(event), so.facts);
    so.facts = facts;
    if (over) return;
    const delta = object(choice.delta);
    so.text += string(delta.content);
    so.reasoning += string(delta.reasoning_content) || string(delta.reasoning);
  };
  return {
    push(bytes) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split(/\r?\n/);
      rest = lines.pop()!;
      lines.forEach(line);
      return so.text !== "" || so.reasoning !== "";
    },
    end() {
      for (const last of [rest + decoder.decode(), ""]) line(last);
      if (!so.done && so.facts.finish === undefined) throw new ReplyError("the stream broke off");
      return answered({ text: so.text, reasoning: so.reasoning, ...so.facts });
    },
  };
}

function wholeReader(): ReplyReader {
  const decoder = new TextDecoder();
  let body = "";
  return {
    push(bytes) {
      body += decoder.decode(bytes, { stream: true });
      return true;
    },
    end() {
      const { choice, facts } = readFacts(parse(body + decoder.decode()), {});
      const message = object(choice.message);
      const reasoning = string(message.reasoning_content) || string(message.reasoning);
      return answered({ text: string(message.content), reasoning, ...facts });
    },
  };
}

type Facts = Omit<Reply, "text" | "reasoning">;

/** What a reply or an event says beside its text, over what was known before; only the first choice counts. */
function readFacts(value: Json, known: Facts): { choice: Json; facts: Facts } {
  if (value.error) {
    throw new ReplyError(string(object(value.error).message) || JSON.stringify(value.error));
  }
  const choices = Array.isArray(value.choices) ? value.choices.map(object) : [];
  const choice = choices.find(({ index = 0 }) => index === 0) ?? {};
  const usage = object(value.usage);
  const input = count(usage.prompt_tokens), output = count(usage.completion_tokens);
  const cached = count(object(usage.prompt_tokens_details).cached_tokens) ??
    count(usage.prompt_cache_hit_tokens);
  const finish = string(choice.finish_reason), model = string(value.model);
  const [first] = [object(choice.logprobs).content].flat().map(object);
  const tops = [first?.top_logprobs ?? []].flat().map(object)
    .filter(({ logprob }) => Number.isFinite(logprob))
    .map(({ token, logprob }) => [string(token), logprob as number] as const);
  return {
    choice,
    facts: {
      ...known,
      ...(model && { model }),
      ...(input !== undefined && output !== undefined && { usage: [input, output] as const }),
      ...(cached !== undefined && { cached }),
      ...(finish && { finish }),
      ...(tops.length > 0 && !known.first && { first: tops }),
    },
  };
}

function parse(text: string): Json {
  if (text.trim() === "") throw new ReplyError("an empty reply");
  try {
    return object(JSON.parse(text));
  } catch {
    throw new ReplyError(`expected JSON, got ${JSON.stringify(text.slice(0, 60))}`);
  }
}

/** An empty text is an answer only where the model ran out of tokens before it. */
function answered(reply: Reply): Reply {
  if (reply.finish === "content_filter") throw new ReplyError("the endpoint's filter held it back");
  if (reply.text.trim() === "" && reply.finish !== "length") {
    throw new ReplyError("an empty answer");
  }
  return reply;
}
