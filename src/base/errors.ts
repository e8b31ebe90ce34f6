/**
 * The three kinds of failure a user can meet, each with its exit code.
 *
 * A message names the file, line or value and says what was expected; a stack trace is for bugs only.
 * @module
 */

/** Input data, a manifest, a result file or a profile that breaks its format. Exit code 3. */
export class DataError extends Error {
  /** Name shown with a stack. */
  override name = "DataError";
  /** Exit code of the command. */
  readonly exitCode = 3;
}

/** A wrong command line: unknown flag, missing value, impossible combination. Exit code 2. */
export class UsageError extends Error {
  /** Name shown with a stack. */
  override name = "UsageError";
  /** Exit code of the command. */
  readonly exitCode = 2;
}

/** Something was asked of a router, dataset or machine that it cannot do. Exit code 4. */
export class CapabilityError extends Error {
  /** Name shown with a stack. */
  override name = "CapabilityError";
  /** Exit code of the command. */
  readonly exitCode = 4;
}

/** A result that does not match its own decisions, data or schema. Exit code 5. */
export class VerificationError extends Error {
  /** Name shown with a stack. */
  override name = "VerificationError";
  /** Exit code of the command. */
  readonly exitCode = 5;
}
