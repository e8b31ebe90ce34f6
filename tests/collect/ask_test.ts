/** One call against a server that fails in ten ways: what each becomes, and how often it was asked. */
import assert from "node:assert/strict";
import { asker, type Endpoint, type Outcome } from "../../src/collect/ask.ts";
import { type ChatBody, makeCall } from "../../src/collect/call.ts";
import { tokenCounter } from "../../src/outcomes/tokens.ts";
import { serve } from "./server.ts";

const count = await tokenCounter();

async function once(
  model: string,
  query = "Capital of France? [Paris]",
  also: Partial<Endpoint> & Partial<ChatBody> = {},
): Promise<Outcome> {
  await using server = serve();
  const { key, served, whole = false, timeout = 5000, ...body } = also;
  const ask = asker({ url: server.url, key, served, whole, timeout }, count);
  return await ask(makeCall("q", "plain", 0, {
    model,
    messages: [{ role: "user", content: query }],
    temperature: 0,
    max_tokens: 50,
    ...body,
  }));
}

async function answered(
  ...args: Parameters<typeof once>
): Promise<Extract<Outcome, { kind: "answer" }>["answer"]> {
  const outcome = await once(...args);
  assert.equal(outcome.kind, "answer", JSON.stringify(outcome));
  return (outcome as Extract<Outcome, { kind: "answer" }>).answer;
}

Deno.test("a good stream: text, tokens by the endpoint, first text before the end", async () => {
  const answer = await answered("good");
  assert.deepEqual([answer.text, answer.tokens, answer.counted], ["Paris", [20, 5], "usage"]);
  assert.deepEqual([answer.served, answer.finish], ["good", "stop"]);
  assert.ok(answer.first_ms! <= answer.whole_ms);
});

Deno.test("a reply in one piece: dated name, cached tokens, no time of a first text", async () => {
  const answer = await answered("whole");
  assert.deepEqual([answer.text, answer.tokens, answer.cached], ["Paris", [9, 3], 4]);
  assert.deepEqual([answer.served, answer.first_ms], ["whole-2026-01-31", undefined]);
});

Deno.test("429 and 5xx may be asked again; only 5xx may have been billed", async () => {
  assert.deepEqual(await once("too-many"), {
    kind: "again",
    why: "429 Too Many Requests: slow down",
    billed: false,
    wait: 200,
  });
  assert.deepEqual(await once("broken"), {
    kind: "again",
    why: "500 Internal Server Error: oops",
    billed: true,
  });
});

Deno.test("what has begun is not asked again: cut, silent, empty, blank, not JSON", async () => {
  const cases: [string, RegExp][] = [
    ["cut", /the stream broke off/],
    ["slow", /silent for 200 ms/],
    ["empty", /an empty reply/],
    ["blank", /an empty answer/],
    ["not-json", /expected JSON, got "<html>/],
  ];
  for (const [model, why] of cases) {
    const outcome = await once(model, undefined, { timeout: model === "slow" ? 200 : 5000 });
    assert.equal(outcome.kind, "failed", `${model}: ${JSON.stringify(outcome)}`);
    assert.ok(
      "billed" in outcome && outcome.billed && why.test(outcome.why),
      JSON.stringify(outcome),
    );
  }
});

Deno.test("another model's answer is none, unless that name was announced", async () => {
  const outcome = await once("wrong");
  assert.deepEqual(outcome, {
    kind: "stop",
    why: '"wrong" was asked and "another-model" answered',
    billed: true,
  });
  assert.equal((await answered("wrong", undefined, { served: "another-model" })).text, "Paris");
});

Deno.test("without usage tokens are counted here, and said to be", async () => {
  const answer = await answered("no-usage");
  assert.deepEqual([answer.counted, answer.tokens], ["here", [
    count("Capital of France? [Paris]"),
    1,
  ]]);
});

Deno.test("a stream that is sent twice is read once", async () => {
  assert.equal((await answered("twice")).text, "Paris");
});

Deno.test("characters cut between pieces are whole again", async () => {
  assert.equal((await answered("unicode", "[naïve 東京 🦊]")).text, "naïve 東京 🦊");
});

Deno.test("refusals: a key ends the model, a prompt that is too long ends the call", async () => {
  assert.equal((await once("no-key")).kind, "stop");
  const failed = await once("too-long");
  assert.deepEqual(failed, {
    kind: "failed",
    why: "400 Bad Request: context too long",
    billed: false,
  });
});

Deno.test("nobody there: may be asked again, and was not billed", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" }), { port } = listener.addr;
  listener.close();
  const ask = asker({ url: `http://127.0.0.1:${port}/v1`, whole: false, timeout: 1000 }, count);
  const outcome = await ask(makeCall("q", "plain", 0, {
    model: "m",
    messages: [],
    temperature: 0,
    max_tokens: 1,
  }));
  assert.ok(outcome.kind === "again" && !outcome.billed, JSON.stringify(outcome));
});

Deno.test("a connection that is cut inside a stream ends the call; before it, it may be asked again", async () => {
  const begun =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n7\r\ndata: {";
  for (const [sent, kind] of [[begun, "failed"], ["HTTP/1.1 2", "again"]]) {
    const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const serving = (async () => {
      using connection = await listener.accept();
      await connection.read(new Uint8Array(4096));
      await connection.write(new TextEncoder().encode(sent));
    })();
    const ask = asker({
      url: `http://127.0.0.1:${listener.addr.port}/v1`,
      whole: false,
      timeout: 2000,
    }, count);
    const body = { model: "m", messages: [], temperature: 0, max_tokens: 1 };
    const outcome = await ask(makeCall("q", "plain", 0, body));
    await serving;
    listener.close();
    assert.ok(
      "billed" in outcome && outcome.billed && outcome.kind === kind,
      JSON.stringify(outcome),
    );
  }
});

Deno.test("the key is sent, and is in no outcome: not in an answer, not in a refusal", async () => {
  const key = "sk-very/secret+key==";
  const echo = await once("echo", undefined, { key }),
    refusal = await once("no-key", undefined, { key });
  assert.match(JSON.stringify(echo), /Bearer \[key\]/);
  assert.match(JSON.stringify(refusal), /wrong key Bearer \[key\]/);
  assert.ok(!JSON.stringify([echo, refusal]).includes("secret"));
});
