/** Committed Markdown: links lead somewhere, pages stay short. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { exists, repoPath } from "../../src/base/files.ts";

const { stdout } = await new Deno.Command("git", {
  args: ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
  cwd: repoPath(""),
}).output();
const pages = new TextDecoder().decode(stdout).trim().split("\n");

/** GitHub's name of a heading. */
function anchor(heading: string): string {
  return heading.toLowerCase().replaceAll(/[`*]|\[|\]\([^)]*\)/g, "").trim()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
}

async function anchorsOf(path: string): Promise<Set<string>> {
  const text = (await Deno.readTextFile(path)).replaceAll(/^```[^]*?^```/gm, "");
  return new Set([...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading)));
}

Deno.test("links between pages lead to files and headings that are there", async () => {
  assert.ok(pages.length > 20);
  const dead: string[] = [];
  for (const page of pages) {
    const text = (await Deno.readTextFile(repoPath(page))).replaceAll(/^```[^]*?^```/gm, "");
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file, heading] = target.split("#");
      const path = file === "" ? repoPath(page) : repoPath(join(dirname(page), decodeURI(file)));
      const found = await exists(path) &&
        (heading === undefined || !path.endsWith(".md") || (await anchorsOf(path)).has(heading));
      if (!found) dead.push(`${page}: ${target}`);
    }
  }
  assert.deepEqual(dead, []);
});

Deno.test("no page is longer than 1,500 lines, and the first page of results fits a screen or two", async () => {
  for (const page of pages) {
    const lines = (await Deno.readTextFile(repoPath(page))).trimEnd().split("\n").length;
    assert.ok(lines <= (page === "results/README.md" ? 60 : 1500), `${page}: ${lines} lines`);
  }
});

Deno.test("comments cite pages and sections that exist", async () => {
  const { stdout } = await new Deno.Command("git", {
    args: [
      "grep",
      "-nE",
      "docs/[a-z/-]+\\.md( §[0-9.]+)?",
      "--",
      "src",
      "baselines",
      "datasets",
      "tests",
    ],
    cwd: repoPath(""),
  }).output();
  const dead: string[] = [];
  for (const line of new TextDecoder().decode(stdout).trim().split("\n")) {
    for (
      const [cited, page, section] of line.matchAll(
        /(docs\/[a-z/-]+\.md)(?: §([0-9]+(?:\.[0-9]+)?))?/g,
      )
    ) {
      if (cited.includes("pages_test")) continue;
      const text = await Deno.readTextFile(repoPath(page)).catch(() => undefined);
      const there = text !== undefined && (section === undefined ||
        [...text.matchAll(/^#+ §?([0-9]+(?:\.[0-9]+)?)/gm)].some(([, number]) =>
          number === section
        ));
      if (!there) dead.push(`${line.split(":").slice(0, 2).join(":")}: ${cited}`);
    }
  }
  assert.deepEqual(dead, []);
});
