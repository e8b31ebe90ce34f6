/**
 * What a router throws is its own fault and said as such: outside a bench nobody gathers failures.
 * @module
 */
import { resolve } from "node:path";
import { DataError, messageOf, placeOfError } from "../base/errors.ts";
import type { FittedRouter, Router } from "../router/contract.ts";
import { checked } from "../run/checked.ts";

/**
 * The same router, checked; what it throws, or gives against its contract, names it and, where that is known, the
 * line. What it refuses stays as it is.
 * @param file where the router is, as `loadRouter` takes it
 */
export function blamed(router: Router, id: string, file?: string): Router {
  const inner = checked(router);
  const path = file?.includes("/") ? resolve(file.replace(/#.*$/, "")) : undefined;
  const asked = async <T>(question: () => T | Promise<T>): Promise<T> => {
    try {
      return await question();
    } catch (error) {
      const { exitCode, name } = Object(error) as Partial<DataError>;
      if (name === "AbortError" || exitCode !== undefined && name !== "DataError") throw error;
      const place = name === "DataError" ? undefined : placeOfError(error, path);
      throw new DataError(`${id}: failed: ${messageOf(error)}${place ? ` (${place})` : ""}`);
    }
  };
  const wrapped = (fitted: FittedRouter): FittedRouter => {
    const { withModels, dial } = fitted;
    return {
      ...fitted,
      predict: (queries) => asked(() => fitted.predict(queries)),
      ...(withModels && {
        withModels: async (profiles, way) => wrapped(await asked(() => withModels(profiles, way))),
      }),
      ...(dial && {
        dial: { ...dial, predict: (queries, at) => asked(() => dial.predict(queries, at)) },
      }),
    };
  };
  const fit: Router["fit"] = async (train, config, context) =>
    wrapped(await asked(() => inner.fit(train, config, context)));
  return Object.create(inner, { fit: { value: fit } });
}
