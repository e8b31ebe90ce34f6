/**
 * The texts whose vectors the network is trained on: requests of clinc150 and questions of pubmedqa, which belong to
 * no dataset with outcomes here.
 * @module
 */
import { sha256 } from "../base/hash.ts";
import { DataError } from "../base/errors.ts";
import { readBytes } from "../base/files.ts";

/** Training texts with a topic and an area each. */
export interface TopicText {
  /** As embedded. */
  readonly text: string;
  /** Intent of clinc150, or medicine. */
  readonly topic: string;
  /** Domain of clinc150, or medicine. */
  readonly area: string;
}

/** Files below the data folder, with how a line of each is read. */
const SOURCES: Readonly<Record<string, (line: Record<string, string>) => TopicText>> = {
  "clinc150/queries.jsonl.gz": ({ query, intent, domain }) => ({
    text: query,
    topic: intent,
    area: domain,
  }),
  "pubmedqa/questions.jsonl.gz": ({ question }) => ({
    text: question,
    topic: "medicine",
    area: "medicine",
  }),
};

/**
 * Reads the texts, each once.
 * @returns texts in the order of the files, and a hash of every file by its name
 * @throws {DataError} when a file is missing or broken
 */
export async function readTexts(
  folder: string,
): Promise<{ texts: TopicText[]; sources: Record<string, string> }> {
  const texts = new Map<string, TopicText>(), sources: Record<string, string> = {};
  for (const [name, read] of Object.entries(SOURCES)) {
    const path = `${folder}/${name}`, bytes = await readBytes(path);
    sources[name] = sha256(bytes);
    const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(
      new DecompressionStream("gzip"),
    );
    const lines = (await new Response(stream).text()).trimEnd().split("\n");
    for (const line of lines) {
      const found = read(JSON.parse(line));
      if (typeof found.text !== "string") throw new DataError(`${path}: a line without a text`);
      const key = fingerprint(found.text);
      if (!texts.has(key)) texts.set(key, found);
    }
  }
  return { texts: [...texts.values()], sources };
}

/** Characters of a fingerprint: 48 bits in base 64. */
export const FINGERPRINT = 8;

/** Names a text, case and white space folded, without saying what it is. */
export function fingerprint(text: string): string {
  const folded = text.toLowerCase().replace(/\s+/gu, " ").trim();
  const bytes = Uint8Array.fromHex(sha256(folded).slice(0, 12));
  return bytes.toBase64();
}
