/**
 * A look at a dataset's manifest alone, which needs no records: its form, its importer, and how far the files it
 * names are pinned.
 * @module
 */
import { DataError } from "../src/base/errors.ts";
import { repoPath } from "../src/base/files.ts";
import { importerNamed } from "../src/outcomes/importers/index.ts";
import { type Manifest, readManifest } from "../src/outcomes/manifest.ts";
import { originalsOf, type Pins, pinsOf } from "../src/outcomes/originals.ts";

/** What a manifest says, and what it leaves open. */
export interface ManifestReport {
  /** Of the manifest. */
  readonly name: string;
  /** Of the manifest. */
  readonly title: string;
  /** Of the repository, of the questions, and whether records may be passed on. */
  readonly licence: Manifest["licence"];
  /** Generated, not recorded. */
  readonly synthetic: boolean;
  /** Makes the records, where there is one. */
  readonly importer?: string;
  /** The commit or revision that was read. */
  readonly commit?: string;
  /** How the originals are pinned. */
  readonly originals: Pins;
  /** Whether the records' hash is known. */
  readonly records: boolean;
  /** Of the manifest. */
  readonly notes: readonly string[];
}

/**
 * Checks a manifest of this repository by name.
 * @throws {DataError} one of a wrong form, with a file that cannot be fetched, or an address of another commit
 * @throws {UsageError} one whose importer does not exist
 */
export async function checkManifest(name: string): Promise<ManifestReport> {
  const path = repoPath("datasets", name, "manifest.json");
  const manifest = await readManifest(path);
  const fault = (what: string): never => {
    throw new DataError(`${path}: ${what}`);
  };
  if (manifest.name !== name) fault(`/name: expected "${name}", as the folder`);
  const { licence, title, importer, source, records, outcomes, pool, views, notes = [] } = manifest;
  const alone = importer !== undefined && outcomes === undefined &&
    importerNamed(importer).queriesAlone === true;
  if (alone !== (pool === "none")) fault(`/pool: importer ${importer} reads queries alone: ${alone}`);
  if (alone && Object.keys(views).length > 0) fault("/views: expected none, where no model answers");
  const originals = await originalsOf(manifest);
  for (const { path, url, unpack } of originals) {
    if (url === undefined) fault(`${path}: expected an address, or a base`);
    if (source.commit !== undefined && !url!.includes(`/${source.commit}/`)) {
      fault(`${path}: expected an address of commit ${source.commit}, got ${url}`);
    }
    if (unpack !== undefined && !path.endsWith(`.${unpack}`)) fault(`${path}: expected .${unpack}`);
  }
  return {
    ...{ name, title, licence, originals: pinsOf(originals), notes },
    synthetic: manifest.synthetic,
    ...(importer !== undefined && { importer }),
    ...(source.commit !== undefined && { commit: source.commit }),
    records: records.sha256 !== undefined,
  };
}

/** A report as text for a terminal. */
export function formatManifestReport(report: ManifestReport): string {
  const { name, title, licence, importer, synthetic, commit, originals, records, notes } = report;
  return [
    `${name}: ${title}`,
    `  importer   ${importer ?? (synthetic ? "none: generated here" : "none")}`,
    ...(originals.files > 0
      ? [`  originals  ${pinLine(originals)}; revision ${commit ?? "not known in full"}`]
      : []),
    `  records    sha256 ${records ? "known" : "not known"}`,
    `  licence    ${licence.repository}; questions: ${licence.questions}`,
    ...(licence.passOn ? [`  pass on?   ${licence.passOn}`] : []),
    ...notes.map((note) => `  note       ${note}`),
  ].join("\n") + "\n";
}

/** The originals in words. */
export function pinLine({ files, sha256, gitBlob, unpinned }: Pins): string {
  const blobs = gitBlob > 0 ? `, ${gitBlob} by git blob` : "";
  const open = unpinned.length > 0
    ? `, ${unpinned.length} not pinned (pull asks for --accept-unpinned)`
    : "";
  return `${files} ${files === 1 ? "file" : "files"}: ${sha256} pinned by sha256${blobs}${open}`;
}
