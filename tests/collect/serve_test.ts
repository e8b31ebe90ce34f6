/** The server in OpenAI's form over a model of three lines. */
import assert from "node:assert/strict";
import { asker } from "../../src/collect/ask.ts";
import { makeCall } from "../../src/collect/call.ts";
import type { LocalModel } from "../../src/collect/gguf.ts";
import { chatHandler } from "../../src/collect/serve.ts";
import { DataError } from "../../src/base/errors.ts";

let running = 0, most = 0;

/** Says the last turn again, a word at a time; "break" breaks it. */
const parrot: LocalModel = {
  async complete({ messages, maxTokens }, onText) {
    most = Math.max(most, ++running);
    const words = messages.at(-1)!.content.split(" "), said = words.slice(0, maxTokens);
    for (const word of said) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (word === "break") {
        running--;
        throw new DataError("too long");
      }
      onText(`${word} `);
    }
    running--;
    return {
      tokens: [words.length, said.length],
      finish: said.length < words.length ? "length" : "stop",
    };
  },
};
const handle = chatHandler("parrot", parrot);

function post(body: unknown): Promise<Response> {
  const init = { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) };
  return handle(new Request("http://127.0.0.1/v1/chat/completions", init));
}

const say = (content: string, more: object = {}): object => ({
  model: "parrot",
  messages: [{ role: "user", content }],
  ...more,
});

Deno.test("whole: text, usage, why it ended", async () => {
  const reply = await (await post(say("a b c", { max_tokens: 2 }))).json();
  assert.deepEqual(reply.choices, [{
    index: 0,
    message: { role: "assistant", content: "a b " },
    finish_reason: "length",
  }]);
  assert.deepEqual(reply.usage, { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 });
});

Deno.test("input tokens kept from the prompt before are said, where the model keeps any", async () => {
  const reuses: LocalModel = {
    complete: () => Promise.resolve({ tokens: [5, 1], cached: 3, finish: "stop" }),
  };
  const request = new Request("http://127.0.0.1/v1/chat/completions", {
    method: "POST",
    body: JSON.stringify(say("a")),
  });
  const { usage } = await (await chatHandler("parrot", reuses)(request)).json();
  assert.deepEqual(usage.prompt_tokens_details, { cached_tokens: 3 });
  assert.equal(usage.prompt_tokens, 5);
});

Deno.test("as a stream it is what collect reads, one prompt at a time", async () => {
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handle);
  const ask = asker(
    { url: `http://127.0.0.1:${server.addr.port}/v1`, whole: false, timeout: 5000 },
    () => 0,
  );
  const call = (content: string): ReturnType<typeof ask> =>
    ask(makeCall("q", "plain", 0, {
      model: "parrot",
      messages: [{ role: "user", content }],
      temperature: 0,
      max_tokens: 9,
    }));
  const [one, broken, two] = await Promise.all(["a b", "a break", "c d e"].map(call));
  assert.ok(one.kind === "answer" && two.kind === "answer" && broken.kind === "failed");
  assert.deepEqual([one.answer.text, one.answer.tokens, one.answer.served], [
    "a b ",
    [2, 2],
    "parrot",
  ]);
  assert.deepEqual([two.answer.text, two.answer.tokens], ["c d e ", [3, 3]]);
  assert.match(broken.why, /too long/);
  assert.equal(most, 1);
});

Deno.test("other models, other paths and broken requests are refused", async () => {
  assert.equal((await post(say("a", { model: "other" }))).status, 404);
  assert.equal((await handle(new Request("http://127.0.0.1/"))).status, 404);
  assert.equal((await post("{")).status, 404);
  assert.equal((await post({ model: "parrot", messages: [] })).status, 400);
  assert.equal((await post(say("break"))).status, 400);
  const models = await handle(new Request("http://127.0.0.1/v1/models"));
  assert.equal((await models.json()).data[0].id, "parrot");
});
