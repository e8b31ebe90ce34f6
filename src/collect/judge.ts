/**
 * A model as judge: it is shown question, reference and answer, and says whether the answer is right.
 * @module
 */
import type { Answer } from "./ask.ts";
import { type Call, makeCall, type Query, type Settings } from "./call.ts";
import { type Grade, yesNo } from "./grade.ts";

/** Call of the judge on one answer. */
export function judgeCall(
  of: Call,
  query: Query,
  answer: string,
  judge: string,
  { tokenField, maxTokens }: Pick<Settings, "tokenField" | "maxTokens">,
): Call {
  return makeCall(`${query.id} (answer ${of.key})`, "judge", of.draw, {
    model: judge,
    messages: [{ role: "user", content: question(query, answer) }],
    temperature: 0,
    [tokenField]: maxTokens,
  });
}

function question({ query, gold }: Query, answer: string): string {
  return [
    "Is the answer to this question right?",
    `Question:\n${query}`,
    ...(gold === undefined ? [] : [`Reference answer:\n${[gold].flat().join("\nor: ")}`]),
    `Answer to judge:\n${answer}`,
    'Say "yes" if it is right and "no" if it is not; nothing else.',
  ].join("\n\n");
}

/** A judge's verdict; undefined where it says neither yes nor no. */
export function verdict({ text }: Pick<Answer, "text">): Grade | undefined {
  const said = yesNo(text);
  return said && { score: said === "yes" ? 1 : 0 };
}
