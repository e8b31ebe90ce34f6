/**
 * What is asked: queries × models × draws as calls, each named by all that could change its answer.
 * @module
 */
import { hashJson } from "../base/hash.ts";
import { type OutcomeRecord, own } from "../outcomes/record.ts";

/** A query to ask: a record without outcomes. */
export type Query =
  & Pick<OutcomeRecord, "id" | "benchmark" | "query">
  & Partial<
    Pick<
      OutcomeRecord,
      "task" | "level" | "split" | "options" | "gold" | "documents" | "messages"
    >
  >;

/** One turn of a conversation. */
export interface Message {
  /** `system`, `user` or `assistant`. */
  readonly role: string;
  /** What was said. */
  readonly content: string;
}

/** A model and the prompt it gets. */
export interface Arm {
  /** As the endpoint calls it; absent = the arm's own name. */
  readonly model?: string;
  /** In place of the system prompt of all. */
  readonly system?: string;
  /** Worked examples: turns before the query. */
  readonly examples?: readonly Message[];
  /** What the query becomes, with `{query}` where its text belongs; documents stand before it. */
  readonly query?: string;
}

/** Arms by name. */
export type Arms = Readonly<Record<string, Arm>>;

/** How models are asked; a change of any of it makes other calls. */
export interface Settings {
  /** Put before every conversation. */
  readonly system?: string;
  /** Prompts of names that are arms. */
  readonly arms?: Arms;
  /** Most tokens of an answer. */
  readonly maxTokens: number;
  /** What the endpoint calls that. */
  readonly tokenField: "max_tokens" | "max_completion_tokens";
  /** Sampling temperature. */
  readonly temperature: number;
  /** Answers wanted of each model to each query. */
  readonly draws: number;
  /** Seed of the first draw; draw k is sent `seed + k`. Absent = none is sent. */
  readonly seed?: number;
}

/** The body of a request, without how the reply is to be sent. */
export interface ChatBody {
  /** As the endpoint knows it. */
  readonly model: string;
  /** The conversation; its last turn is the query. */
  readonly messages: readonly Message[];
  /** Sampling temperature. */
  readonly temperature: number;
  /** Most tokens of the answer. */
  readonly max_tokens?: number;
  /** The same under the newer name. */
  readonly max_completion_tokens?: number;
  /** Seed of the draw. */
  readonly seed?: number;
  /** Whether log-probabilities of the first tokens are wanted. */
  readonly logprobs?: true;
  /** How many of them. */
  readonly top_logprobs?: number;
}

/** Without documents, with them, or a judge's reading of an answer. */
export type Variant = "plain" | "documents" | "judge";

/** One call: what is asked of whom, and its name in the journal. */
export interface Call {
  /** Hash of query, variant, draw and body. */
  readonly key: string;
  /** Id of the query. */
  readonly query: string;
  /** Its column in the table: the model's name, or that of an arm. */
  readonly model: string;
  /** Which prompt. */
  readonly variant: Variant;
  /** Number of the draw, from 0. */
  readonly draw: number;
  /** What is sent. */
  readonly body: ChatBody;
}

/** What the endpoint calls the model of an arm. */
export function servedModel(name: string, arms: Arms | undefined): string {
  return own(arms, name)?.model ?? name;
}

/** The most an answer may be long. */
export function mostTokens({ max_tokens, max_completion_tokens }: ChatBody): number {
  return max_tokens ?? max_completion_tokens!;
}

/**
 * All calls of some models, query by query, so that what is there when a run ends early is whole rows.
 * @param withDocuments ask queries that have documents a second time, with these before the query
 * @param logprobs whether a query's grader reads log-probabilities
 */
export function callsFor(
  queries: readonly Query[],
  models: readonly string[],
  settings: Settings,
  withDocuments: boolean,
  logprobs: (query: Query) => boolean,
): Call[] {
  const calls: Call[] = [];
  for (const query of queries) {
    const variants: Variant[] = withDocuments && query.documents
      ? ["plain", "documents"]
      : ["plain"];
    for (const variant of variants) {
      for (let draw = 0; draw < settings.draws; draw++) {
        for (const model of models) {
          const { arms, system } = settings;
          const body: ChatBody = {
            model: servedModel(model, arms),
            messages: conversation(query, variant, { system, ...own(arms, model) }),
            ...sampling(settings, draw),
            ...(logprobs(query) && { logprobs: true as const, top_logprobs: 20 }),
          };
          calls.push({ ...makeCall(query.id, variant, draw, body), model });
        }
      }
    }
  }
  return calls;
}

/** Names a call; its column is the model asked. */
export function makeCall(query: string, variant: Variant, draw: number, body: ChatBody): Call {
  const key = hashJson({ query, variant, draw, body }).slice(0, 32);
  return { key, query, model: body.model, variant, draw, body };
}

function sampling(settings: Settings, draw: number): Omit<ChatBody, "model" | "messages"> {
  const { maxTokens, tokenField, temperature, seed } = settings;
  return { temperature, [tokenField]: maxTokens, ...(seed !== undefined && { seed: seed + draw }) };
}

/** Turns of a query: its own conversation where it has one; documents stand before the last turn's text. */
function conversation(
  query: Query,
  variant: Variant,
  { system, examples = [], query: template = "{query}" }: Arm,
): Message[] {
  const turns = query.messages ?? [{ role: "user", content: query.query }];
  const last = turns[turns.length - 1];
  const asked = template.replace("{query}", () => last.content);
  const content = variant === "documents" ? [...query.documents!, asked].join("\n\n") : asked;
  return [
    ...(system === undefined ? [] : [{ role: "system", content: system }]),
    ...examples,
    ...turns.slice(0, -1).map(({ role, content }) => ({ role, content })),
    { role: last.role, content },
  ];
}
