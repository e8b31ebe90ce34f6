/**
 * Whether a notebook still shows what was committed.
 *
 * The rule: outputs are equal, in number, kind and content. Numbers of Plotly figures may differ by a
 * hundred-thousandth, since processors round differently; pictures are not compared, since they depend on
 * fonts, but must be there. The outputs of a cell tagged `timing` (clocks, devices) are not compared at all, nor those of
 * one tagged `weights` that says SKIPPED, here or when it was committed.
 * @module
 */
import { type Cell, type Notebook, type Output, PLOTLY } from "./notebook.ts";

/** Relative difference from which numbers of a figure differ. */
const TOLERANCE = 1e-5;

/** What differs, one line a cell; empty when nothing does. */
export function differences(committed: Notebook, fresh: Notebook): string[] {
  const [before, after] = [committed, fresh].map(({ cells }) =>
    cells.filter((cell) => cell.type === "code")
  );
  if (before.length !== after.length) {
    return [`${after.length} code cells, committed were ${before.length}`];
  }
  return after.flatMap((cell, i) => {
    const left = cell.tags.includes("timing") || skipped(before[i]) || skipped(cell);
    const difference = left ? undefined : differ(before[i], cell);
    return difference === undefined ? [] : [`cell [${i + 1}]: ${difference}`];
  });
}

/** Cells that break a promise of their tag, one line each: a `figure` without a picture. */
export function brokenPromises({ cells }: Notebook): string[] {
  return cells.filter((cell) => cell.type === "code").flatMap((cell, i) => {
    const drawn = cell.outputs.some((o) => "data" in o && typeof o.data["image/png"] === "string");
    return cell.tags.includes("figure") && !drawn && !skipped(cell)
      ? [`cell [${i + 1}]: tagged "figure", but shows no image/png`]
      : [];
  });
}

/** Whether a cell could not be run for want of a language model, and says so. */
function skipped({ tags, outputs }: Cell): boolean {
  return tags.includes("weights") &&
    outputs.some((output) =>
      "data" in output && String(output.data["text/plain"]).includes("SKIPPED")
    );
}

function differ(before: Cell, after: Cell): string | undefined {
  if (before.source !== after.source) return "another source";
  if (before.outputs.length !== after.outputs.length) {
    return `${after.outputs.length} outputs, committed were ${before.outputs.length}`;
  }
  for (const [i, output] of after.outputs.entries()) {
    const difference = differOutput(before.outputs[i], output);
    if (difference !== undefined) return difference;
  }
}

function differOutput(before: Output, after: Output): string | undefined {
  if (before.output_type !== after.output_type) {
    return `shows ${after.output_type}, committed was ${before.output_type}`;
  }
  if (after.output_type === "stream" && before.output_type === "stream") {
    if (before.name !== after.name) {
      return `writes to ${after.name}, committed was ${before.name}`;
    }
    return firstLine(before.text, after.text);
  }
  if (!("data" in after) || !("data" in before)) return undefined;
  const [types, known] = [after, before].map(({ data }) => Object.keys(data).sort().join(", "));
  if (types !== known) return `shows ${types}, committed were ${known}`;
  for (const [type, content] of Object.entries(after.data)) {
    if (type.startsWith("image/")) continue;
    const old = before.data[type];
    if (typeof content === "string" && typeof old === "string") {
      const difference = firstLine(old, content);
      if (difference !== undefined) return difference;
    } else {
      const path = unequal(old, content, type === PLOTLY ? TOLERANCE : 0);
      if (path !== undefined) return `${type}${path} differs`;
    }
  }
}

function firstLine(before: string, after: string): string | undefined {
  if (before === after) return undefined;
  const [old, now] = [before, after].map((text) => text.split("\n"));
  const at = now.findIndex((line, i) => line !== old[i]);
  const line = at < 0 ? now.length : at;
  return `line ${line + 1} is ${JSON.stringify(now[line] ?? null)}, committed was ` +
    JSON.stringify(old[line] ?? null);
}

/** Where two JSON values differ, as a path; undefined where they do not. */
function unequal(
  a: unknown,
  b: unknown,
  tolerance: number,
): string | undefined {
  if (typeof a === "number" && typeof b === "number") {
    const near = Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b), 1);
    return near ? undefined : "";
  }
  if (
    a === null || b === null || typeof a !== "object" || typeof b !== "object"
  ) {
    return a === b ? undefined : "";
  }
  if (Array.isArray(a) !== Array.isArray(b)) return "";
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const path = unequal(
      (a as Record<string, unknown>)[key],
      (b as Record<string, unknown>)[key],
      tolerance,
    );
    if (path !== undefined) return `/${key}${path}`;
  }
}
