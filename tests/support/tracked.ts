/** The repository as git has it: what lies in `baselines/` on somebody's machine is not its tests' business. */
import { type FoundRouter, loadRouters, routerIds } from "../../src/router/discover.ts";
import { repoPath } from "../../src/base/files.ts";

/** Whether git tracks a file of the repository; true of all where there is no git. */
export const isTracked: (path: string) => boolean = ((): (path: string) => boolean => {
  try {
    const { success, stdout } = new Deno.Command("git", {
      args: ["ls-files", "baselines"],
      cwd: repoPath(""),
    }).outputSync();
    const files = new Set(new TextDecoder().decode(stdout).trim().split("\n"));
    return success && files.size > 1 ? (path) => files.has(path) : () => true;
  } catch {
    return () => true;
  }
})();

/** The routers of the repository. */
export async function trackedRouters(): Promise<FoundRouter[]> {
  return await loadRouters((await routerIds()).filter((id) => isTracked(`baselines/${id}.ts`)));
}
