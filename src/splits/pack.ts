/**
 * Split manifests as a file: roles and profile orders deflated and in base64, everything else readable.
 * @module
 */
import { deflateSync, inflateSync } from "node:zlib";
import { DataError } from "../base/errors.ts";
import type { Split } from "./split.ts";

/** A split as stored. */
export type PackedSplit = Omit<Split, "roles" | "profile"> & {
  readonly roles: string;
  readonly profile?: { readonly selection: string; readonly order: string };
};

/** Turns splits into a JSON value that {@link unpackSplits} reads. */
export function packSplits(splits: readonly Split[]): PackedSplit[] {
  return splits.map(({ profile, ...split }) => ({
    ...split,
    roles: deflated(new TextEncoder().encode(split.roles)),
    ...(profile && {
      profile: { selection: profile.selection, order: deflated(bytesOf(profile.order)) },
    }),
  }));
}

/**
 * Reads what {@link packSplits} made.
 * @param where names the source in errors
 * @throws {DataError} naming the split and the field that is wrong
 */
export function unpackSplits(value: unknown, where: string): Split[] {
  if (!Array.isArray(value)) throw new DataError(`${where}: expected an array of splits`);
  return value.map((packed, i) => unpackSplit(packed, `${where}: split ${i}`));
}

function unpackSplit(value: unknown, where: string): Split {
  const given = (value ?? {}) as Record<string, unknown>;
  const need = (field: string, expected: string, right: (value: unknown) => boolean): void => {
    if (!right(given[field])) {
      const got = JSON.stringify(given[field])?.slice(0, 40);
      throw new DataError(`${where}: ${field} must be ${expected}, got ${got}`);
    }
  };
  const isText = (x: unknown): boolean => typeof x === "string" && x !== "";
  const isHash = (x: unknown): boolean => typeof x === "string" && /^[0-9a-f]{64}$/.test(x);
  const isCount = (x: unknown): boolean => Number.isInteger(x) && (x as number) >= 0;
  need("format", "1", (x) => x === 1);
  for (const field of ["dataset", "protocol", "foldName"]) need(field, "a text", isText);
  for (const field of ["dataSha256", "idsSha256"]) need(field, "64 hex digits", isHash);
  need("seed", "a whole number", (x) => Number.isInteger(x));
  need("fold", "a whole number from 0", isCount);
  need(
    "validation",
    "id, benchmarks or tasks",
    (x) => ["id", "benchmarks", "tasks"].includes(x as string),
  );
  need("heldOutModels", "a list of model ids", (x) => Array.isArray(x) && x.every(isText));
  const roles = new TextDecoder().decode(inflated(given.roles, `${where}: roles`));
  if (!/^[tved]+$/.test(roles)) {
    throw new DataError(`${where}: roles must be letters t, v, e and d`);
  }
  const { profile: packed, ...rest } = given;
  const split = { ...rest, roles } as Split;
  return packed === undefined ? split : { ...split, profile: unpackProfile(packed, roles, where) };
}

function unpackProfile(value: unknown, roles: string, where: string): Split["profile"] {
  const { selection, order: packed } = (value ?? {}) as Record<string, unknown>;
  if (selection !== "random" && selection !== "discriminative") {
    throw new DataError(`${where}: profile.selection must be random or discriminative`);
  }
  const bytes = inflated(packed, `${where}: profile.order`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const order = Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
  const wrong = order.find((row) => roles[row] !== "t" && roles[row] !== "v");
  if (wrong !== undefined) {
    throw new DataError(
      `${where}: profile.order holds row ${wrong}, not a training or validation row`,
    );
  }
  return { selection, order };
}

/** Little-endian 32-bit numbers. */
function bytesOf(numbers: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * numbers.length));
  numbers.forEach((n, i) => view.setUint32(4 * i, n, true));
  return new Uint8Array(view.buffer);
}

function deflated(bytes: Uint8Array): string {
  return new Uint8Array(deflateSync(bytes, { level: 9 })).toBase64();
}

function inflated(text: unknown, where: string): Uint8Array {
  try {
    return new Uint8Array(inflateSync(Uint8Array.fromBase64(text as string)));
  } catch (error) {
    throw new DataError(`${where}: not deflated base64 (${(error as Error).message})`);
  }
}
