/** Who may import whom: the table of `docs/architecture.md`, held against the code. */
import assert from "node:assert/strict";
import { repoPath } from "../../src/base/files.ts";
import { filesBelow, namedBy } from "../support/imports.ts";

const ROW = /^\| `([\w/.]+)` \| [^|]+ \| ([^|]+) \|$/gm;
const table = new Map(
  [...Deno.readTextFileSync(repoPath("docs/architecture.md")).matchAll(ROW)].map((
    [, room, rooms],
  ) => [short(room), rooms.split(", ").map((name) => name.trim()).filter((name) => name !== "–")]),
);
const files = ["src", "baselines", "datasets"].flatMap((folder) => filesBelow(folder));

Deno.test("rooms import only what docs/architecture.md says, and its table says no more than that", () => {
  const used = new Map([...table.keys()].map((room) => [room, new Set<string>()]));
  const forbidden: string[] = [];
  for (const file of files) {
    const from = roomOf(file);
    for (const target of namedBy(file)) {
      const to = roomOf(target);
      if (from === to || to === "base") continue;
      used.get(from)?.add(to);
      const may = table.get(from) ?? [];
      if (!may.includes("all") && !may.includes(to)) forbidden.push(`${file} → ${target}`);
    }
  }
  assert.deepEqual(forbidden, []);
  const unused = [...table].flatMap(([room, may]) =>
    may.filter((to) => to !== "all" && !used.get(room)?.has(to)).map((to) => `${room} → ${to}`)
  );
  assert.deepEqual(unused, []);
});

Deno.test("baselines know router, linalg and nn by their mod.ts alone, and base not at all", () => {
  const others = filesBelow("baselines").flatMap((file) =>
    namedBy(file).filter((target) => /^src\/(base|router|linalg|nn)\/(?!mod\.ts)/.test(target))
      .map((target) => `${file} → ${target}`)
  );
  assert.deepEqual(others, []);
});

Deno.test("every room has a line in the table, and every line has a room", () => {
  assert.deepEqual([...new Set(files.map(roomOf))].sort(), [...table.keys()].sort());
});

Deno.test("the rooms of the table can be put in an order in which none imports a later one", () => {
  const rooms = new Map([...table].map(([room, may]) => [room, may.filter((to) => to !== "all")]));
  assert.deepEqual(circle(rooms), []);
});

Deno.test("no circle between files", () => {
  assert.deepEqual(circle(new Map(files.map((file) => [file, namedBy(file)]))), []);
});

Deno.test("a circle is found", () => {
  const edges = { a: ["b"], b: ["c"], c: ["b"], d: [] };
  assert.deepEqual(circle(new Map(Object.entries(edges))).sort(), ["b", "c"]);
});

function short(path: string): string {
  return path.replace(/^src\//, "");
}

/** The room of a file: the longest one in the table that holds it, or its folder. */
function roomOf(path: string): string {
  const parts = short(path).split("/").slice(0, -1);
  for (let n = parts.length; n > 1; n--) {
    const room = parts.slice(0, n).join("/");
    if (table.has(room)) return room;
  }
  return parts[0] ?? short(path);
}

/** What is left when nodes without edges into the rest are taken away, again and again: empty without circles. */
function circle(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const left = new Map(edges);
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const [node, targets] of left) {
      if (!targets.some((target) => left.has(target))) left.delete(node);
    }
  }
  // The rest imports a circle or is part of one; taking away what nobody imports leaves the circles.
  for (let before = -1; before !== left.size;) {
    before = left.size;
    const named = new Set([...left.values()].flat());
    for (const node of left.keys()) if (!named.has(node)) left.delete(node);
  }
  return [...left.keys()];
}
