/**
 * Forgers: whoever edits a result can compute its hashes again, because they are no secret. What decisions
 * and outcomes determine must be found out all the same; what they do not determine is listed in
 * `verify.ts`, and here, and nothing else may pass.
 */
import assert from "node:assert/strict";
import { type Random, random } from "../../src/base/random.ts";
import { chosenFor } from "../../src/results/facts.ts";
import { caught, loose, withTarget } from "./forge.ts";

/** Fields of a result that only hashes guard. `#` is any index. */
const RESULT_ON_TRUST = [
  /^\/command$/,
  /^\/harness\/(version|sha256)$/,
  /^\/environment\//,
  /^\/embedding\//,
  /^\/routers\/#\/(summary|source|statement)$/,
  /^\/routers\/7\/(name|summary|source|statement|sha256|unseen|grid\/#\/rho|unseenGrid\/#\/(rho|prior))$/, // no reference row
];

/** The same of a decision entry. */
const ENTRY_ON_TRUST = [
  /^\/card\//,
  /^\/predictions\//,
  /^\/tuning\/trials\/#\/(score|area)$/,
  /^\/tuning\/operating\/(sameQuality|halfCost)$/,
  /^\/columns\/#\/at$/,
];

/** Paths of all leaves of a JSON tree, empty arrays and objects aside. */
function leaves(tree: unknown, path = ""): string[] {
  if (tree === null || typeof tree !== "object") return [path];
  return Object.entries(tree).flatMap(([key, value]) => leaves(value, `${path}/${key}`));
}

/** Puts another value of the same type at a path. */
function otherAt(tree: unknown, path: string, draw: Random): void {
  const keys = path.split("/").slice(1);
  const last = keys.pop()!;
  // deno-lint-ignore no-explicit-any
  const holder = keys.reduce((node: any, key) => node[key], tree);
  const known = ALLOWED[/^\d+$/.test(last) ? keys.at(-1)! : last];
  holder[last] = known?.find((value) => value !== holder[last]) ?? other(holder[last], draw);
}

/** Values that fields of a fixed choice, or fields that may be null, can have. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  validation: ["benchmarks", "id"],
  control: ["none", "shuffled-labels"],
  device: ["cpu", "cuda"],
  selection: ["random"],
  unseen: ["zero-update", "fit-new-vector"],
  needs: ["cost", "benchmark"],
  statement: ["a sentence"],
  notApplicable: ["a reason"],
};

function other(value: unknown, draw: Random): unknown {
  if (typeof value === "boolean") return !value;
  if (value === null) return 1;
  if (typeof value === "number") {
    if (!Number.isInteger(value)) return value * (1 + (draw.integer(2) ? 1e-9 : -0.1));
    return value === 0 ? 1 : value + (draw.integer(2) ? 1 : -1);
  }
  const text = value as string;
  return /^[0-9a-f]{64}$/.test(text) ? (text[0] === "0" ? "1" : "0") + text.slice(1) : `${text}x`;
}

const pattern = (path: string): string => path.replace(/\/\d+(?=\/|$)/g, "/#");
const pick = <T>(draw: Random, items: readonly T[]): T => items[draw.integer(items.length)];

Deno.test("a number of the evaluation edited and sealed again: 100 of 100 are recomputed", () =>
  withTarget(async (target) => {
    const paths = leaves(target.opened.result.evaluation);
    for (let i = 0; i < 100; i++) {
      const draw = random(2027, "evaluation", i);
      const at = pick(draw, paths);
      await target.forge({ edit: (result) => otherAt(result.evaluation, at, draw) });
      await caught(target, at, new RegExp(`/evaluation${at}`));
    }
  }));

Deno.test("every other field edited and sealed again: only what verify.ts lists passes", () =>
  withTarget(async (target) => {
    const { evaluation: _, sha256: __, ...rest } = loose(target.opened.result);
    const kinds = new Map(
      leaves(rest).map((path) => {
        const row = path.startsWith("/routers/7/")
          ? path.replace("/routers/7/", "/routers/seven/")
          : path;
        return [pattern(row).replace("seven", "7"), path];
      }),
    );
    const passed: string[] = [];
    for (const [kind, path] of kinds) {
      await target.forge({ edit: (result) => otherAt(result, path, random(2028, path)) });
      if (RESULT_ON_TRUST.some((allowed) => allowed.test(kind))) {
        assert.equal((await target.verify()).depth, "full", kind);
        passed.push(kind);
      } else await caught(target, kind);
    }
    console.log(
      `  ${kinds.size - passed.length} kinds of fields checked, ${passed.length} on trust`,
    );
    for (const allowed of RESULT_ON_TRUST) {
      assert.ok([...kinds.keys()].some((kind) => allowed.test(kind)), `${allowed} is no field`);
    }
  }));

Deno.test("a choice edited with all hashes mended: 40 of 40 found out", () =>
  withTarget(async (target) => {
    const { entries } = target.opened;
    for (let i = 0; i < 40; i++) {
      const draw = random(2029, "choice", i);
      const isReference = i % 2 === 0;
      const at = pick(
        draw,
        [...entries.keys()].filter((e) =>
          !entries[e].mixtures && (entries[e].router !== "ridge") === isReference
        ),
      );
      const { choice, columns, models, router } = entries[at];
      const edited = choice.slice();
      const headline = columns.length * draw.integer(choice.length / columns.length);
      edited[headline] = (edited[headline] + 1 + draw.integer(models.length - 1)) % models.length;
      await target.forge({ entries: entries.with(at, { ...entries[at], choice: edited }) });
      const message = isReference
        ? /decisions of .* are not what .* decides/
        : /\/evaluation\/.* is .*, recomputed /;
      await caught(target, `${router} ${headline}`, message);
    }
  }));

Deno.test("every field of a decision entry edited: only what verify.ts lists passes", () =>
  withTarget(async (target) => {
    const { entries } = target.opened;
    let checked = 0;
    const seen = new Set<string>();
    for (const router of ["ridge", "zero-router"]) {
      const at = entries.findIndex((e) => e.router === router);
      const { choice: _, decisionsSha256: __, ...plain } = entries[at];
      for (const path of leaves(plain)) {
        const kind = pattern(path);
        if (seen.has(`${router} ${kind}`)) continue;
        seen.add(`${router} ${kind}`);
        const edited = loose(plain);
        otherAt(edited, path, random(2030, path));
        const entry = { ...edited, choice: entries[at].choice };
        const chosen = chosenFor(router, entries.with(at, entry));
        await target.forge({
          entries: entries.with(at, entry),
          edit: (result) => {
            // A thorough forger also mends what the result says about tuning.
            result.routers.find((r: { id: string }) => r.id === router).chosen = chosen;
          },
        });
        if (ENTRY_ON_TRUST.some((allowed) => allowed.test(kind))) {
          await target.verify().catch((error) => {
            // Some edits give themselves away: a score above the chosen one, a point of other quality.
            assert.match(
              error.message,
              /is not the best of the trials|\/evaluation\/|are not what/,
            );
          });
        } else {
          await caught(target, `${router} ${path}`);
          checked++;
        }
      }
    }
    console.log(`  ${checked} kinds of fields checked, ${seen.size - checked} on trust`);
  }));
