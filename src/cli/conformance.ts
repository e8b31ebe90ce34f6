/**
 * `deno task conformance <router>`: runs the conformance kit on a router, as `--routers` names it.
 * @module
 */
import { type Device, DEVICES } from "../base/device.ts";
import { VerificationError } from "../base/errors.ts";
import { type CheckName, checksOf, conform, type Finding, tally } from "../router/conformance.ts";
import { loadRouter } from "../router/discover.ts";
import { parseFlags, runMain } from "./args.ts";

/**
 * Prints one line a check and the tally.
 * @throws {VerificationError} when a check fails (exit code 5)
 */
export async function main(argv: readonly string[]): Promise<void> {
  const { flags, args } = parseFlags(argv, {
    name: "deno task conformance",
    summary: "Checks a router against the contract, on a small synthetic pool; needs no data.",
    args: { usage: "<id, file or file.ts#name>", min: 1, max: 1 },
    flags: {
      check: { type: "list", value: "name", help: "only these checks and what they build on" },
      seed: { type: "number", default: 42, integer: true, min: 0, help: "seed of pool and fits" },
      device: {
        type: "string",
        default: "cpu",
        choices: DEVICES,
        help: "where heavy inference runs",
      },
      rules: { type: "boolean", help: "print what each check asks for beside its finding" },
    },
    examples: [
      "deno task conformance knn",
      "deno task conformance ./my_router.ts --check ties,row-order --rules",
    ],
  });
  const { id, path, router } = await loadRouter(args[0]);
  console.log(`${router.name} (${id}, ${path})\n`);
  const findings = await conform(router, {
    seed: flags.seed,
    device: flags.device as Device,
    only: flags.check.length > 0 ? flags.check : undefined,
    onFinding: (finding) => console.log(line(finding, checksOf(router), flags.rules)),
  });
  console.log(`\n${tally(findings)}`);
  const failed = findings.filter(({ status }) => status === "fail").map(({ check }) => check);
  if (failed.length > 0) throw new VerificationError(`${id} fails ${failed.join(", ")}`);
}

const MARKS = { pass: "pass", fail: "FAIL", "not applicable": "  - " };
function line(
  { check, status, detail }: Finding,
  checks: readonly CheckName[],
  rules: boolean,
): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const rule = checks.find(({ name }) => name === check)?.rule;
  const indent = " ".repeat(width + 8);
  return `${MARKS[status]}  ${check.padEnd(width)}  ${detail}` +
    (rules ? `\n${indent}rule: ${rule}` : "");
}

if (import.meta.main) await runMain(main);
