/**
 * Keeps a key out of all that is written or said: endpoints like to repeat what they were sent.
 * @module
 */
import { Buffer } from "node:buffer";

/** Shorter ones are the dummies of local servers ("EMPTY"), which stand in honest texts as well. */
const SHORTEST = 8;

/** Replaces a secret, also percent-encoded or in base64, in every text of a value. */
export function redact<T>(value: T, secret = ""): T {
  if (secret.length < SHORTEST) return value;
  const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64")];
  const clean = (each: unknown): unknown => {
    if (typeof each === "string") {
      return forms.reduce((text, form) => text.replaceAll(form, "[key]"), each);
    }
    if (Array.isArray(each)) return each.map(clean);
    if (typeof each !== "object" || each === null) return each;
    return Object.fromEntries(Object.entries(each).map(([key, value]) => [key, clean(value)]));
  };
  return clean(value) as T;
}
