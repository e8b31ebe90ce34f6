/**
 * Errors on their way from a worker thread: cloning keeps neither their name nor their exit code.
 * @module
 */

/** An error as it is sent. */
export interface SentError {
  /** Its kind. */
  readonly name: string;
  /** What went wrong. */
  readonly message: string;
  /** Where, in the worker. */
  readonly stack?: string;
  /** Exit code of the command, where the error has one. */
  readonly exitCode?: number;
  /** Code of the system's error, `ENOENT`. */
  readonly code?: string;
}

/** What to send of something that was thrown, be it an error or not. */
export function sendError(thrown: unknown): SentError {
  const { name, message, stack, exitCode, code }: Error & Pick<SentError, "exitCode" | "code"> =
    thrown instanceof Error ? thrown : new Error(String(thrown));
  return { name, message, stack, ...(exitCode && { exitCode }), ...(code && { code }) };
}

/** An error like the one that was sent. */
export function receiveError(sent: SentError): Error {
  return Object.assign(new Error(sent.message), sent);
}
