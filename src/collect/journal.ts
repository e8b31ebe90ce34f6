/**
 * The journal: every try of every call, appended line by line before and after it, so that whatever kills
 * the process, nothing that was answered is asked again and nothing that was sent is forgotten.
 *
 * A line `asked` stands there before a call is sent. It is closed by `answer`, `failed` (the call is missing)
 * or `tried` (it may be asked again). One that is not closed was in flight when the process died: it
 * is asked again and marked, and the most it can have used counts as spent.
 * @module
 */
import { DataError, UsageError } from "../base/errors.ts";
import type { Answer } from "./ask.ts";
import { plus, type Spending } from "./bound.ts";
import type { Variant } from "./call.ts";

/** A call is about to be sent. */
export interface AskedLine {
  /** Key of the call. */
  readonly asked: string;
  /** When, ISO 8601. */
  readonly at: string;
  /** Id of the query. */
  readonly query: string;
  /** Its column in the table: the model's name, or that of an arm. */
  readonly model: string;
  /** Host of the endpoint. */
  readonly host: string;
  /** Which prompt. */
  readonly variant: Variant;
  /** Number of the draw. */
  readonly draw: number;
  /** The most it can use. */
  readonly most: Spending;
  /** An earlier try was in flight when the process died. */
  readonly again?: true;
}

/** A call was answered. */
export interface AnswerLine extends Answer {
  /** Key of the call. */
  readonly answer: string;
  /** What it cost. */
  readonly used: Spending;
}

/** A call has failed for good; its outcome is missing. */
export interface FailedLine {
  /** Key of the call. */
  readonly failed: string;
  /** In one line. */
  readonly why: string;
  /** What it may have cost. */
  readonly used: Spending;
}

/** A try came to nothing; the call is still open. */
export interface TriedLine {
  /** Key of the call. */
  readonly tried: string;
  /** In one line. */
  readonly why: string;
  /** What it may have cost. */
  readonly used: Spending;
}

/** Any line. */
export type Line = AskedLine | AnswerLine | FailedLine | TriedLine;

/** What a journal says. */
export class Journal {
  /** Calls answered, by key. */
  readonly answers = new Map<string, AnswerLine>();
  /** Calls failed for good, by key. */
  readonly failures = new Map<string, FailedLine>();
  /** The last `asked` of every call, by key. */
  readonly asked = new Map<string, AskedLine>();
  /** Calls that were asked a second time because the process had died, by key. */
  readonly again = new Set<string>();
  readonly #write: (line: string) => void;
  /** Calls that were in flight when an earlier process died. */
  readonly #lost = new Set<string>();
  /** Calls whose last `asked` is not closed. */
  readonly #open = new Map<string, AskedLine>();
  #used: Spending = { tokens: 0, dollars: 0 };

  /** An empty one. @param write appends a line for good before it returns */
  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** What all tries used that are closed or written off. */
  get spent(): Spending {
    return this.#used;
  }

  /** Before the first call of a process: what was in flight when an earlier one died counts as spent. */
  writeOff(): void {
    for (const key of [...this.#open.keys()]) this.#lose(key);
  }

  /** Whether a call was in flight when an earlier process died. */
  wasInFlight(key: string): boolean {
    return this.#lost.has(key);
  }

  #lose(key: string): void {
    this.#used = plus(this.#used, this.#open.get(key)!.most);
    this.#open.delete(key);
    this.#lost.add(key);
  }

  /** Appends a line. */
  add(line: Line): void {
    this.#write(JSON.stringify(line) + "\n");
    this.take(line);
  }

  /** Takes up a line that is written already. */
  take(line: Line): void {
    if ("asked" in line) {
      if (this.#open.has(line.asked)) this.#lose(line.asked);
      if (line.again) this.again.add(line.asked);
      this.failures.delete(line.asked);
      this.asked.set(line.asked, line);
      this.#open.set(line.asked, line);
      return;
    }
    this.#used = plus(this.#used, line.used);
    if ("answer" in line) {
      this.#open.delete(line.answer);
      if (!this.answers.has(line.answer)) this.answers.set(line.answer, line);
    } else if ("failed" in line) {
      this.#open.delete(line.failed);
      this.failures.set(line.failed, line);
    } else this.#open.delete(line.tried);
  }
}

/** Reads a journal without changing it; what is in flight counts as spent. @throws {DataError} naming file and line */
export async function readJournal(path: string): Promise<Journal> {
  const journal = new Journal(() => {
    throw new Error("this journal is open for reading");
  });
  const text = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
  takeAll(journal, text.slice(0, text.lastIndexOf("\n") + 1), path);
  journal.writeOff();
  return journal;
}

/** A journal open for appending; closing it lets others in. */
export interface OpenJournal extends Disposable {
  /** What it says, and where to add. */
  readonly journal: Journal;
}

/**
 * Opens a journal for appending. A last line without an end, torn by a kill, is cut off: of such a line
 * nothing was acted upon.
 * @throws {DataError} naming file and line, when a line is not of a journal
 * @throws {UsageError} when another process has it open
 */
export async function openJournal(path: string): Promise<OpenJournal> {
  const file = await Deno.open(path, { read: true, write: true, create: true });
  if (!file.tryLockSync(true)) {
    file.close();
    throw new UsageError(`${path}: another collect is writing to it; wait for it to end`);
  }
  const encoder = new TextEncoder();
  const journal = new Journal((line) => {
    const out = encoder.encode(line);
    for (let at = 0; at < out.length;) at += file.writeSync(out.subarray(at));
    file.syncDataSync();
  });
  try {
    const bytes = await Deno.readFile(path), whole = bytes.lastIndexOf(10) + 1;
    takeAll(journal, new TextDecoder().decode(bytes.subarray(0, whole)), path);
    await file.truncate(whole);
    await file.seek(whole, Deno.SeekMode.Start);
  } catch (error) {
    file.close();
    throw error;
  }
  return { journal, [Symbol.dispose]: () => file.close() };
}

function takeAll(journal: Journal, text: string, path: string): void {
  for (const [i, line] of text.split("\n").slice(0, -1).entries()) {
    const value = lineOf(line);
    if (!value) {
      throw new DataError(`${path}:${i + 1}: expected a line of a journal, got other text`);
    }
    journal.take(value);
  }
}

function lineOf(text: string): Line | undefined {
  try {
    const value = JSON.parse(text);
    const kinds = ["asked", "answer", "failed", "tried"];
    return kinds.some((kind) => typeof value?.[kind] === "string") ? value : undefined;
  } catch {
    return undefined;
  }
}
