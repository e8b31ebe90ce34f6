/**
 * Pieces of the forms of stored results on preferences, as JSON Schema.
 * @module
 */

/** What a stored result says of how it was made. */
export interface Provenance {
  /** The command that makes this file again. */
  readonly command: string;
  /** Version and code hash of the harness, and hash of what decides here besides its rooms. */
  readonly harness: { readonly version: string; readonly sha256: string; readonly code: string };
  /** Runtime and machine type. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Any text. */
export const TEXT: object = { type: "string" };
/** Any number. */
export const NUMBER: object = { type: "number" };
/** A whole number. */
export const COUNT: object = { type: "integer" };
/** A number, or none. */
export const MAYBE: object = { type: ["number", "null"] };
/** Text by name. */
export const TEXTS: object = { type: "object", additionalProperties: TEXT };
/** A mean with its interval. */
export const CELL: object = closed({ mean: NUMBER, low: MAYBE, high: MAYBE });
/** The members of a `Provenance`. */
export const PROVENANCE: Readonly<Record<keyof Provenance, object>> = {
  command: TEXT,
  harness: closed({ version: TEXT, sha256: TEXT, code: TEXT }),
  environment: TEXTS,
};

const LEVEL = { enum: ["actions", "domains"] };

/** What a matcher decided. */
export const MATCHED: object = closed({
  ...{ level: LEVEL, matcher: TEXT, seed: COUNT, setting: COUNT, least: MAYBE },
  ...{ routes: TEXT, decisions: TEXT },
});

/** Numbers of a matcher. */
export const MATCHING_ROW: object = closed({
  ...{ level: LEVEL, matcher: TEXT },
  ...{ exact: CELL, domain: CELL, irrelevance: CELL, forced: CELL },
});

/** A list of such items. */
export function list(items: object): object {
  return { type: "array", items };
}

/** An object with exactly these members. */
export function closed(properties: Readonly<Record<string, object>>): object {
  return {
    ...{ type: "object", additionalProperties: false, properties },
    required: Object.keys(properties),
  };
}
