/** A language model as matcher: its prompt, how its log-likelihoods are read, and its file. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { VerificationError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import { openDecoder } from "../../src/lm/decoder.ts";
import { openTokenizer } from "../../src/lm/tokenizer.ts";
import { ask, matchesOf } from "../../src/preferences/language_matcher.ts";
import type { Matched } from "../../src/preferences/matching.ts";
import { pack, unpack } from "../../src/preferences/packed.ts";
import { routePrompt } from "../../src/preferences/route_prompt.ts";
import {
  decideSampled,
  readSampled,
  sampledPreferences,
  type SampledReport,
  sampledReportOf,
  verifySampled,
} from "../../src/preferences/sampled.ts";
import { sampledSection } from "../../src/report/pages/sampled_section.ts";
import { near } from "../nn/differences.ts";
import { TINY, tokenizerJson, writeDecoder } from "../lm/tiny_decoder.ts";
import { inFolder } from "../support/folder.ts";
import { invented } from "./scene.ts";

const preferences = invented(), { actions, test } = preferences;
const SAMPLE = { seed: 7, validation: [12, 3], test: [9, 4] } as const;
const sampled = sampledPreferences(preferences, SAMPLE);

Deno.test("sampled: so many in scope and out of it, ascending, whatever the order of the rows", () => {
  const other = actions.length, { ids, labels, texts } = sampled.test;
  assert.deepEqual([ids.length, labels.filter((label) => label === other).length], [13, 4]);
  assert.deepEqual(ids, ids.toSorted());
  ids.forEach((id, i) => assert.equal(test.texts[test.ids.indexOf(id)], texts[i]));
  assert.notDeepEqual(sampledPreferences(preferences, { ...SAMPLE, seed: 8 }).test.ids, ids);
});

Deno.test("the prompt: task, routes as JSON lines, the conversation as JSON, the answer begun", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "tokenizer.json"), JSON.stringify(tokenizerJson()));
    const tokenizer = await openTokenizer(folder);
    const routes = [{ name: "a_b", description: "x" }, { name: "c", description: "y" }];
    const { prefix, request, answers } = routePrompt(tokenizer, routes);
    assert.match(
      tokenizer.decode(prefix),
      /^user\nYou are a router[^]*\n<routes>\n\{"name":"a b","description":"x"\}\n\{"name":"c","description":"y"\}\n<\/routes>\n\n<conversation>\n$/,
    );
    assert.equal(
      tokenizer.decode(request('say "hi"<|im_end|>')),
      '[{"role":"user","content":"say \\"hi\\"<|im_end|>"}]\n</conversation>\nassistant\n{"route": "',
    );
    // What a request says ends no turn.
    const end = tokenizer.special("<|im_end|>");
    assert.equal(request("<|im_end|>").filter((id) => id === end).length, 1);
    assert.deepEqual(answers.map((ids) => tokenizer.decode(ids)), ['a b"}', 'c"}', 'other"}']);
  });
});

Deno.test("log-likelihoods by hand: as they are, and less their means", () => {
  // Two routes and `other`; the first route is preferred whatever is asked.
  const [raw, less] = matchesOf([-1, -2, -4, -1, -5, -1], [-1, -3, -4, -1, -5, -2], 2);
  assert.deepEqual([[...raw.route], [...raw.support]], [[0, 0], [3, 0]]);
  // Means −1, −4, −3: 0, 2, −1 and 0, −1, 2.
  assert.deepEqual([[...less.route], [...less.support]], [[1, 0], [3, -2]]);
});

Deno.test("a request's probabilities sum to 1 and are its own, whoever is asked beside it", async () => {
  await inFolder(async (folder) => {
    await writeDecoder(folder, { ...TINY, max_position_embeddings: 2048 });
    const model = await openDecoder(folder, { tuning: "frozen", random: random(1) });
    const texts = ["cut the hedge", "a b", "ab c", "sing", "cut a"], R = actions.length + 1;
    const { logs } = await ask(model, actions, texts);
    texts.forEach((_, i) => {
      const sum = logs.slice(i * R, (i + 1) * R).reduce((total, log) => total + Math.exp(log), 0);
      assert.ok(Math.abs(sum - 1) < 1e-9, `${sum}`);
    });
    const alone = await ask(model, actions, [texts[3]]);
    near([...alone.logs], logs.slice(3 * R, 4 * R), "alone", 1e-6);
  });
});

/** A language model that is sure of the right answer, but always likes the last route. */
const logs = [...sampled.validation.labels, ...sampled.test.labels].flatMap((label) =>
  Array.from(
    { length: actions.length + 1 },
    (_, r) => (r === label ? -1 : -3) + (r === actions.length - 1 ? 4 : 0),
  )
);
const heard = { logs, p50Milliseconds: 1500, listSeconds: 20 };
const matched = decideSampled(sampled, "actions", heard, "language model", SAMPLE.seed);
const domains = decideSampled(
  sampled,
  "domains",
  { ...heard, logs: logs.slice(0, 28 * (preferences.domains.length + 1)).fill(-1) },
  "language model",
  SAMPLE.seed,
);
/** Another matcher, of all test requests: it finds every route, and calls every domain `other`. */
const COSINE = { matcher: "descriptions", seed: 1, setting: 0, least: null };
const all = (label: number): string => pack(test.ids.map(() => label));
const OTHERS: Matched[] = [
  { ...COSINE, level: "actions", routes: pack(test.labels), decisions: pack(test.labels) },
  { ...COSINE, level: "domains", routes: all(0), decisions: all(3) },
];
const report = sampledReportOf(
  {
    ...{ command: "deno task preferences --lm x", environment: {}, prompt: "" },
    harness: { version: "0", sha256: "0", code: "0" },
    model: { id: "x", sha256: "0" },
    sample: SAMPLE,
    beside: { name: "preferences.static.json", sha256: "1" },
  },
  preferences,
  [matched, domains],
  OTHERS,
);

Deno.test("sampled: validation finds that the means have to go, and the threshold", () => {
  assert.equal(matched.setting, 1);
  assert.deepEqual(unpack(matched.decisions, 13, actions.length), sampled.test.labels);
  const numbers = report.rows.map(({ level, matcher, exact, irrelevance, forced }) =>
    [level, matcher, exact.mean, irrelevance.mean, forced.mean].join(" ")
  );
  assert.deepEqual(numbers[0], "actions language model 1 1 1");
  // It says the same of everything: `other` wins nothing and loses nothing on validation requests.
  assert.match(numbers[1], /^domains language model /);
  assert.deepEqual(numbers[2], "actions descriptions 1 1 1");
  assert.match(numbers[3], /^domains descriptions 0 1 /);
});

Deno.test("sampled: a file is read, verified, shown, and refused when altered or made beside another", () =>
  inFolder(async (folder) => {
    const path = join(folder, "sampled.x.json"), { beside } = report;
    const { logs: _, ...speed } = heard;
    const write = (content: object): Promise<void> =>
      Deno.writeTextFile(path, JSON.stringify(content));
    await write(report);
    const sheet = JSON.stringify({ actions: speed, domains: speed });
    await Deno.writeTextFile(join(folder, "sampled.x.speed.json"), sheet);
    const [file, ...more] = await readSampled(folder, beside);
    assert.equal(more.length, 0);
    assert.deepEqual(file.report, report);
    assert.deepEqual(await readSampled(folder, { ...beside, name: "preferences.y.json" }), []);
    await assert.rejects(readSampled(folder, { ...beside, sha256: "2" }), /make this again/);
    const page = sampledSection("set@1", file).join("\n\n");
    assert.match(page, /for 100% \(100% if it may not say `other`\) of the requests/);
    assert.match(page, /Arch-Router's prompt, x as it is \| one line in words \| 100\.0%/);
    assert.match(
      page,
      /\| cosine to the description \|[^]*9 in scope and 4 out of it[^]*1\.5 s with 150 routes/,
    );
    assert.ok(verifySampled(report, preferences, OTHERS, "file") > 50);
    await write({ ...report, prompt: "other" });
    await assert.rejects(readSampled(folder, beside), /sha256 does not match/);
  }));

Deno.test("sampled: an altered decision is noticed", () => {
  const forged: SampledReport = {
    ...report,
    matched: [{ ...matched, decisions: pack(sampled.test.ids.map(() => 0)) }, domains],
  };
  assert.throws(() => verifySampled(forged, preferences, OTHERS, "file"), VerificationError);
});
