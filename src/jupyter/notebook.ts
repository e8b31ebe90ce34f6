/**
 * Notebook files (nbformat 4): checked when read, written in one form that depends on nothing but the content. It is
 * the form in which Jupyter saves (keys sorted, one space of indent), without cell ids, which Jupyter draws at random.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { readJson, writeAtomic } from "../base/files.ts";

/** What a cell showed. */
export type Output =
  | {
    readonly output_type: "stream";
    readonly name: string;
    readonly text: string;
  }
  | {
    readonly output_type: "display_data" | "execute_result";
    /** Content by media type: text, base64 for pictures, or JSON. */
    readonly data: Readonly<Record<string, unknown>>;
  }
  | {
    readonly output_type: "error";
    readonly ename: string;
    readonly evalue: string;
    readonly traceback: readonly string[];
  };

/** A cell; outputs belong to code only. */
export interface Cell {
  /** What it is. */
  readonly type: "code" | "markdown";
  /** Code or Markdown. */
  readonly source: string;
  /**
   * `figure`: must show a picture. `timing`: shows clocks or devices, so its outputs differ from run to run. `weights`:
   * needs a language model, and says SKIPPED where there is none.
   */
  readonly tags: readonly string[];
  /** What it showed when it was last executed. */
  readonly outputs: readonly Output[];
}

/** A notebook for the Deno kernel. */
export interface Notebook {
  /** Top to bottom. */
  readonly cells: readonly Cell[];
}

/** Media type of a Plotly figure. */
export const PLOTLY = "application/vnd.plotly.v1+json";

/**
 * Reads a notebook.
 * @throws {DataError} naming the file, the place in it and what was expected
 */
export async function readNotebook(path: string): Promise<Notebook> {
  return parseNotebook(await readJson(path), path);
}

/** Writes a notebook atomically; the same notebook gives the same bytes. */
export async function writeNotebook(
  path: string,
  notebook: Notebook,
): Promise<void> {
  await writeAtomic(path, notebookText(notebook));
}

/**
 * A notebook from parsed JSON.
 * @param where names the file in errors
 * @throws {DataError}
 */
export function parseNotebook(value: unknown, where: string): Notebook {
  const file = object(value, where);
  if (file.nbformat !== 4) fail(where, "/nbformat", "4", file.nbformat);
  const kernel = object(object(file.metadata, where).kernelspec, where).name;
  if (kernel !== "deno") {
    fail(where, "/metadata/kernelspec/name", '"deno"', kernel);
  }
  if (!Array.isArray(file.cells)) fail(where, "/cells", "a list", file.cells);
  return {
    cells: (file.cells as unknown[]).map((raw, i): Cell => {
      const at = `/cells/${i}`, cell = object(raw, `${where}: ${at}`);
      const type = cell.cell_type;
      if (type !== "code" && type !== "markdown") {
        return fail(where, `${at}/cell_type`, '"code" or "markdown"', type);
      }
      const tags = object(cell.metadata ?? {}, `${where}: ${at}/metadata`).tags ?? [];
      if (!isTexts(tags)) {
        return fail(where, `${at}/metadata/tags`, "a list of words", tags);
      }
      const outputs = type === "code" ? cell.outputs ?? [] : [];
      if (!Array.isArray(outputs)) {
        return fail(where, `${at}/outputs`, "a list", outputs);
      }
      return {
        type,
        source: text(cell.source, where, `${at}/source`),
        tags,
        outputs: outputs.map((output, j) => parseOutput(output, where, `${at}/outputs/${j}`)),
      };
    }),
  };
}

/** A notebook as the text of its file. Code cells are numbered from 1. */
export function notebookText({ cells }: Notebook): string {
  let count = 0;
  const value = {
    cells: cells.map(({ type, source, tags, outputs }) => ({
      cell_type: type,
      metadata: tags.length > 0 ? { tags } : {},
      source: lines(source),
      ...(type === "code" && numbered(++count, outputs)),
    })),
    metadata: {
      kernelspec: {
        display_name: "Deno",
        language: "typescript",
        name: "deno",
      },
      language_info: {
        file_extension: ".ts",
        mimetype: "text/x.typescript",
        name: "typescript",
      },
    },
    nbformat: 4,
    nbformat_minor: 4,
  };
  return JSON.stringify(sorted(value), null, 1) + "\n";
}

function numbered(
  count: number,
  outputs: readonly Output[],
): Record<string, unknown> {
  return {
    execution_count: count,
    outputs: outputs.map((output) => {
      if (output.output_type === "stream") {
        return { ...output, text: lines(output.text) };
      }
      if (output.output_type === "error") return output;
      const data = Object.fromEntries(
        Object.entries(output.data).map(([type, content]) => [
          type,
          typeof content === "string" && !isPicture(type) ? lines(content) : content,
        ]),
      );
      return output.output_type === "execute_result"
        ? { ...output, data, metadata: {}, execution_count: count }
        : { ...output, data, metadata: {} };
    }),
  };
}

function parseOutput(raw: unknown, where: string, at: string): Output {
  const output = object(raw, `${where}: ${at}`);
  switch (output.output_type) {
    case "stream":
      return {
        output_type: "stream",
        name: text(output.name, where, `${at}/name`),
        text: text(output.text, where, `${at}/text`),
      };
    case "display_data":
    case "execute_result":
      return {
        output_type: output.output_type,
        data: Object.fromEntries(
          Object.entries(object(output.data, `${where}: ${at}/data`)).map((
            [type, content],
          ) => [
            type,
            isTexts(content) ? content.join("") : content,
          ]),
        ),
      };
    case "error": {
      const { traceback } = output;
      if (!isTexts(traceback)) {
        return fail(where, `${at}/traceback`, "a list of lines", traceback);
      }
      return {
        output_type: "error",
        ename: text(output.ename, where, `${at}/ename`),
        evalue: text(output.evalue, where, `${at}/evalue`),
        traceback,
      };
    }
    default:
      return fail(
        where,
        `${at}/output_type`,
        "a kind of nbformat 4",
        output.output_type,
      );
  }
}

/** Files hold texts as lists of lines, so that a change of one line is a change of one line. */
function lines(source: string): string[] {
  return source.split(/(?<=\n)/).filter((line) => line !== "");
}

function isPicture(type: string): boolean {
  return type.startsWith("image/") && type !== "image/svg+xml";
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) &&
    value.every((entry) => typeof entry === "string");
}

function text(value: unknown, where: string, at: string): string {
  if (typeof value === "string") return value;
  return isTexts(value) ? value.join("") : fail(where, at, "a text or a list of lines", value);
}

function object(value: unknown, where: string): Record<string, unknown> {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new DataError(
    `${where}: expected a notebook's object, got ${JSON.stringify(value)}`,
  );
}

function fail(
  where: string,
  at: string,
  expected: string,
  got: unknown,
): never {
  throw new DataError(
    `${where}: ${at}: expected ${expected}, got ${JSON.stringify(got)}`,
  );
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(
    entries.map(([key, member]) => [key, sorted(member)]),
  );
}
