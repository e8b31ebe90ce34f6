/** Native files held in memory, as importers see a folder. */
import { DataError } from "../../src/base/errors.ts";
import type { NativeFiles } from "../../src/outcomes/importers/native.ts";

/** Files held in memory. */
export function memoryFiles(files: ReadonlyMap<string, Uint8Array>): NativeFiles {
  const read = (path: string): Promise<Uint8Array> => {
    const bytes = files.get(path);
    return bytes ? Promise.resolve(bytes) : Promise.reject(new DataError(`${path}: no such file`));
  };
  return {
    paths: [...files.keys()].sort(),
    read,
    async *chunks(path) {
      yield await read(path);
    },
  };
}
