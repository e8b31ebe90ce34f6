/** Replies read from bytes that come in any pieces. */
import assert from "node:assert/strict";
import { type Reply, replyReader } from "../../src/collect/reply.ts";

const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const said = (content: string): string => event({ choices: [{ index: 0, delta: { content } }] });
const ended = event({ model: "m", choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
const done = "data: [DONE]\n\n";

function read(type: string, ...pieces: Uint8Array[]): Reply {
  const reader = replyReader(type);
  for (const piece of pieces) reader.push(piece);
  return reader.end();
}

function stream(text: string): Reply {
  return read("text/event-stream; charset=utf-8", new TextEncoder().encode(text));
}

Deno.test("a stream cut at any byte, or at every byte, says the same", () => {
  const bytes = new TextEncoder().encode(
    `: hello\r\n\r\n${said("naïve ")}${said("東京 🦊")}${ended}${done}`,
  );
  const whole = { text: "naïve 東京 🦊", reasoning: "", model: "m", finish: "stop" };
  for (let at = 0; at <= bytes.length; at++) {
    assert.deepEqual(read("text/event-stream", bytes.subarray(0, at), bytes.subarray(at)), whole);
  }
  assert.deepEqual(
    read("text/event-stream", ...[...bytes].map((byte) => Uint8Array.of(byte))),
    whole,
  );
});

Deno.test("a whole reply cut at any byte says the same", () => {
  const text = JSON.stringify({
    choices: [{ message: { content: "東京" }, finish_reason: "stop" }],
  });
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at <= bytes.length; at++) {
    assert.equal(read("application/json", bytes.subarray(0, at), bytes.subarray(at)).text, "東京");
  }
});

Deno.test("a stream that ends early is none, wherever it ends", () => {
  const text = said("Par") + said("is") + ended + done;
  for (let at = 0; at < (said("Par") + said("is") + ended).length - 2; at++) {
    assert.throws(() => stream(text.slice(0, at)), { name: "ReplyError" }, String(at));
  }
  assert.equal(stream(said("Paris") + ended).text, "Paris"); // not all servers say [DONE]
  assert.equal(stream(said("Paris") + done).text, "Paris"); // nor why they end
});

Deno.test("what comes twice counts once: events after [DONE], text after the end, other choices", () => {
  const once = said("Paris") + ended;
  assert.equal(stream(once + done + once + done).text, "Paris");
  assert.equal(stream(once + once + done).text, "Paris");
  assert.equal(
    stream(event({ choices: [{ index: 1, delta: { content: "Rome" } }] }) + once).text,
    "Paris",
  );
});

Deno.test("usage comes after the end; broken numbers in it are no usage", () => {
  const usage = (prompt_tokens: unknown): string =>
    event({ choices: [], usage: { prompt_tokens, completion_tokens: 2 } });
  assert.deepEqual(stream(said("a") + ended + usage(7) + done).usage, [7, 2]);
  for (const broken of [-1, 1.5, "7", null]) {
    assert.equal(stream(said("a") + ended + usage(broken) + done).usage, undefined);
  }
});

Deno.test("errors in the place of an answer, filters and empty texts are no answers; thoughts are not the answer", () => {
  const end = (finish_reason: string): string => event({ choices: [{ delta: {}, finish_reason }] });
  const thought = event({ choices: [{ delta: { reasoning_content: "hm" } }] });
  assert.throws(
    () => stream(said("a") + event({ error: { message: "overloaded" } })),
    /overloaded/,
  );
  assert.throws(() => stream(said("a") + end("content_filter")), /held it back/);
  assert.throws(() => stream(thought + ended + done), /an empty answer/);
  assert.throws(() => stream("data: {nonsense\n\n"), /expected JSON/);
  const cut = stream(thought + end("length"));
  assert.deepEqual([cut.text, cut.reasoning, cut.finish], ["", "hm", "length"]);
  assert.equal(stream(thought + said("b") + ended).text, "b");
});
