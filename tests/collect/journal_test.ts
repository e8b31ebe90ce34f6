/** The journal as a file: what a kill can leave behind, and what is no journal. Waits between tries. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Line, openJournal, readJournal } from "../../src/collect/journal.ts";
import { pause, retryAfter } from "../../src/collect/retry.ts";
import { redact } from "../../src/collect/redact.ts";
import { inFolder } from "../support/folder.ts";

const most = { tokens: 100, dollars: 0.5 };
const asked = (key: string, more: object = {}): Line => ({
  asked: key,
  at: "2026-01-31T00:00:00.000Z",
  query: "q",
  model: "m",
  host: "h:443",
  variant: "plain",
  draw: 0,
  most,
  ...more,
});
const answer = (key: string): Line => ({
  answer: key,
  used: { tokens: 10, dollars: 0.25 },
  text: "a\nb ☃",
  tokens: [6, 4],
  counted: "usage",
  whole_ms: 1,
});

Deno.test("a line torn by a kill is cut off, the call before it is in flight, and counts at its most", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "journal.jsonl");
    const lines = [asked("a"), answer("a"), asked("b"), answer("b")].map((line) =>
      JSON.stringify(line) + "\n"
    );
    const whole = new TextEncoder().encode(lines.join("")), kept = lines.slice(0, 3).join("");
    await Deno.writeTextFile(path, kept + "x".repeat(5000));
    (await openJournal(path))[Symbol.dispose]();
    assert.equal(await Deno.readTextFile(path), kept);
    // Cut at every byte of the last line, inside its characters as well.
    for (let at = new TextEncoder().encode(kept).length; at < whole.length; at++) {
      await Deno.writeFile(path, whole.subarray(0, at));
      assert.equal((await readJournal(path)).answers.size, 1);
      {
        using open = await openJournal(path);
        assert.deepEqual([...open.journal.answers.keys()], ["a"]);
        open.journal.writeOff();
        assert.deepEqual([open.journal.wasInFlight("a"), open.journal.wasInFlight("b")], [
          false,
          true,
        ]);
        assert.deepEqual(open.journal.spent, { tokens: 110, dollars: 0.75 });
        open.journal.add(asked("b", { again: true }));
        open.journal.add(answer("b"));
      }
      const later = await readJournal(path);
      assert.deepEqual([...later.answers.keys()], ["a", "b"]);
      assert.deepEqual(later.spent, { tokens: 120, dollars: 1 });
      assert.deepEqual([...later.again], ["b"]);
      assert.equal(later.answers.get("b")!.text, "a\nb ☃");
    }
  });
});

Deno.test("what is no journal is said with its line", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "journal.jsonl");
    for (const line of ["{", '{"id": 1}', "null", "[]"]) {
      await Deno.writeTextFile(path, JSON.stringify(asked("a")) + `\n${line}\n`);
      await assert.rejects(openJournal(path), {
        name: "DataError",
        message: /journal\.jsonl:2: expected a line/,
      });
      await assert.rejects(readJournal(path), { name: "DataError" });
    }
  });
});

Deno.test("waits: what was asked for, else doubling up to a minute, spread over its second half", () => {
  assert.equal(pause(1, 7000, 0.5), 7000);
  assert.deepEqual([1, 2, 3, 9].map((tried) => pause(tried, undefined, 0)), [
    500,
    1000,
    2000,
    30_000,
  ]);
  assert.ok(pause(1, undefined, 0.999) < 1000);
  const now = Date.parse("2026-01-31T12:00:00Z");
  assert.equal(retryAfter("1.5", now), 1500);
  assert.equal(retryAfter("Sat, 31 Jan 2026 12:00:30 GMT", now), 30_000);
  assert.equal(retryAfter("Sat, 31 Jan 2026 11:00:00 GMT", now), 0);
  assert.deepEqual(
    [retryAfter(null, now), retryAfter("soon", now), retryAfter(" ", now)],
    Array(3).fill(undefined),
  );
});

Deno.test("a key is taken out of every text, plain, percent-encoded or in base64; dummies stay", () => {
  const key = "sk-a/b+c==d", texts = [key, encodeURIComponent(key), btoa(key)];
  assert.deepEqual(redact({ why: `x ${texts.join(" ")} y`, list: [key], n: 1, none: null }, key), {
    why: "x [key] [key] [key] y",
    list: ["[key]"],
    n: 1,
    none: null,
  });
  assert.equal(redact("EMPTY is the set", "EMPTY"), "EMPTY is the set");
  assert.equal(redact("a", undefined), "a");
});
