/** The whole way on invented requests: read, match, retrieve, report, verify, page. */
import assert from "node:assert/strict";
import { DataError, VerificationError } from "../../src/base/errors.ts";
import { openProvider } from "../../src/embed/mod.ts";
import { encode } from "../../src/preferences/encoded.ts";
import { match } from "../../src/preferences/matching.ts";
import { pack, unpack } from "../../src/preferences/packed.ts";
import { type Preferences, preferencesOf, readClinc150 } from "../../src/preferences/read.ts";
import {
  type Head,
  type PreferenceReport,
  readReport,
  readReports,
  reportOf,
  verifyReport,
} from "../../src/preferences/report.ts";
import { frozenHits, retrieve } from "../../src/preferences/retrieval.ts";
import { preferencesPage } from "../../src/report/pages/preferences_page.ts";
import { withFolder } from "../results/fixture.ts";
import { invented, records, ROUTES } from "./scene.ts";

const SEEDS = [1, 2];
const HEAD: Head = {
  command: "deno task preferences",
  harness: { version: "0", sha256: "0", code: "0" },
  environment: {},
  embedding: { name: "static", key: "1" },
  seeds: SEEDS,
};

const preferences = invented();
const { report, speed } = await made(preferences);

async function made(preferences: Preferences): Promise<
  { report: PreferenceReport; speed: Awaited<ReturnType<typeof match>>["speed"] }
> {
  const provider = await openProvider("static");
  const encoded = await withFolder((folder) => encode(preferences, provider, folder));
  const { matched, speed } = await match(encoded, SEEDS);
  const first = await retrieve(encoded, SEEDS[0]);
  const runs = [first, await retrieve(encoded, SEEDS[1], first)];
  const retrieved = { frozen: await frozenHits(encoded), runs };
  return { report: reportOf(HEAD, preferences, matched, retrieved), speed };
}

Deno.test("preferences: routes are ascending, parts by id, out of scope is the last label", () => {
  assert.deepEqual(preferences.domains.map(({ name }) => name), ["garden", "library", "music"]);
  assert.deepEqual(
    preferences.actions.map(({ name, domain }) => `${name} ${domain}`),
    ["borrow 1", "prune 0", "renew 1", "sing 2", "tune 2", "water 0"],
  );
  assert.deepEqual(
    [preferences.train, preferences.validation, preferences.test].map(({ ids }) => ids.length),
    [84, 28, 42],
  );
  assert.equal(preferences.test.labels[preferences.test.ids.indexOf("test-oos-0")], 6);
});

Deno.test("preferences: an unknown route or part is named", () => {
  const [first] = records();
  const read = (change: object) => () => preferencesOf("x", "0", [{ ...first, ...change }], ROUTES);
  assert.throws(read({ intent: "sow" }), /no route garden\/sow/);
  assert.throws(read({ split: "dev" }), DataError);
});

Deno.test("preferences: what is easy is found, and the order of the rows changes nothing", async () => {
  const forced = (matcher: string): number =>
    report.matching.rows.find((row) => row.level === "actions" && row.matcher === matcher)!
      .forced.mean;
  assert.ok(
    forced("logistic") > 0.9 && forced("descriptions") > 0.9,
    JSON.stringify(report.matching.rows),
  );
  const value = (id: string): number =>
    report.retrieval.rows.find((row) => row.id === id)!.ndcg.mean;
  for (
    const id of [
      "mean expert",
      "best single expert",
      "RouterRetriever (mean)",
      "RouterRetriever (max)",
    ]
  ) {
    assert.ok(value(id) > 0.3 && value(id) <= value("oracle"), `${id}: ${value(id)}`);
  }
  assert.deepEqual((await made(invented(records().reverse()))).report, report);
});

Deno.test("preferences: a file is read, verified, and refused when altered", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/invented@1`);
    const path = `${folder}/invented@1/preferences.static.json`;
    await Deno.writeTextFile(path, JSON.stringify(report));
    const sheet = { encodeMicroseconds: 5, matching: speed };
    await Deno.writeTextFile(path.replace(/json$/, "speed.json"), JSON.stringify(sheet));
    const [file, ...more] = await readReports(folder);
    assert.equal(more.length, 0);
    assert.deepEqual(file.report, report);
    assert.ok(verifyReport(report, preferences, "file") > 100);
    assert.match(
      preferencesPage([file])!,
      /^# Preferences[^]*\| kNN \|[^]*\| RouterRetriever \(max\) \|/,
    );
    await Deno.writeTextFile(path, JSON.stringify({ ...report, seeds: [3] }));
    await assert.rejects(readReport(path), /sha256 does not match/);
  }));

Deno.test("preferences: a decision, a hit, a number or other queries are noticed", () => {
  const forged = (change: (copy: PreferenceReport) => void) => (): number => {
    const copy = structuredClone(report);
    change(copy);
    return verifyReport(copy, preferences, "file");
  };
  const turned = (text: string): string =>
    pack(unpack(text, text.length / 2, 4095).map((value) => value === 0 ? 1 : 0));
  const set = (target: object, name: string, value: unknown): void =>
    void Object.assign(target, { [name]: value });
  const [first] = report.matching.matched;
  assert.throws(
    forged(({ matching }) => set(matching.matched[0], "decisions", turned(first.decisions))),
    VerificationError,
  );
  assert.throws(
    forged(({ retrieval }) => set(retrieval, "frozen", turned(retrieval.frozen))),
    VerificationError,
  );
  assert.throws(
    forged(({ retrieval }) => set(retrieval.rows[0].ndcg, "mean", 1)),
    /retrieval\/rows/,
  );
  assert.throws(forged(({ dataset }) => set(dataset, "testIdsSha256", "")), /dataset/);
  assert.throws(forged(({ matching }) => set(matching.matched[0], "routes", "")), /expected 42/);
});

Deno.test("preferences: packed numbers come back", () => {
  const packed = pack([0, 63, 64, 4095]);
  assert.deepEqual([...unpack(packed, 4, 4095)], [0, 63, 64, 4095]);
  assert.throws(() => unpack(packed, 4, 100), /from 0 to 100/);
  assert.throws(() => unpack(packed, 5, 4095), /expected 5/);
  assert.throws(() => unpack("A!", 1, 4095), VerificationError);
});

Deno.test("preferences: clinc150 has 150 routes in words, 15 a domain, and every query has one", async () => {
  const data = Deno.env.get("ICLR_DATA");
  if (!data) return console.log("SKIPPED: ICLR_DATA is not set");
  const { actions, domains, train, validation, test } = await readClinc150(data);
  assert.equal(actions.length, 150);
  domains.forEach((_, d) => assert.equal(actions.filter(({ domain }) => domain === d).length, 15));
  assert.deepEqual([train, validation, test].map(({ ids }) => ids.length), [15100, 3100, 5500]);
  assert.equal(new Set(actions.map(({ description }) => description)).size, 150);
});
