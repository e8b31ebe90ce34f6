/**
 * The form of stored JSON: a schema, and no number that JSON cannot hold.
 * @module
 */
import { Ajv, type ValidateFunction } from "ajv";
import { DataError } from "../base/errors.ts";

/** A JSON value's form; compiled when first used. */
export interface Form {
  /**
   * Makes sure that a value has the form.
   * @param where names the source in errors
   * @throws {DataError} naming the source, the field and what was expected
   */
  check(value: unknown, where: string): void;
}

/** A form by its JSON Schema (draft 7). */
export function formOf(schema: object): Form {
  let validator: ValidateFunction | undefined;
  return {
    check(value, where) {
      validator ??= new Ajv({ allErrors: false, strict: true, allowUnionTypes: true })
        .compile(schema);
      if (!validator(value)) {
        const [error] = validator.errors!;
        const { additionalProperty: extra, allowedValues: allowed } = error.params;
        const what = extra !== undefined
          ? ` "${extra}"`
          : allowed
          ? ` ${JSON.stringify(allowed)}`
          : "";
        throw new DataError(`${where}: ${error.instancePath || "/"} ${error.message}${what}`);
      }
      const endless = pathOfEndless(value);
      if (endless !== undefined) {
        throw new DataError(`${where}: ${endless} must be a finite number`);
      }
    },
  };
}

/** Where a number is too large for a double: `1e999` parses, and would be hashed like `null`. */
function pathOfEndless(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : "";
  if (value === null || typeof value !== "object") return undefined;
  for (const [key, member] of Object.entries(value)) {
    const path = pathOfEndless(member);
    if (path !== undefined) return `/${key}${path}`;
  }
}
