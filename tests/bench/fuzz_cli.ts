/**
 * Random command lines for every command: damaged files, wrong folders, odd numbers, flags twice. Whatever is
 * typed, a command ends with an exit code that says whose fault it is (never 1, a bug), prints no stack, changes
 * no file of the repository, and ends.
 *
 *     deno run -A --lock=full.lock tests/bench/fuzz_cli.ts 500 1   # how many, seed; prints what is wrong
 *     deno run -A --lock=full.lock tests/bench/fuzz_cli.ts 500 1 fit,route   # of these commands only
 *
 * Commands run in a copy of the repository, in a process with the permissions of their tasks, one after the
 * other; a command that takes too long ends with its process.
 * @module
 */
import { join } from "node:path";
import { demoRecords } from "../../datasets/demo/generate.ts";
import { pack, repoPath } from "../../src/base/files.ts";
import { type Random, random } from "../../src/base/random.ts";

/** A command line that ended as none may. */
export interface Finding {
  /** What was typed, without `deno task`. */
  readonly argv: readonly string[];
  /** What is wrong. */
  readonly wrong: string;
  /** What it printed, or the end of it. */
  readonly output: string;
}

/** Runs random command lines; all of it is decided by the seed. */
export async function fuzz(
  count: number,
  seed: number,
  told: (line: string) => void = () => {},
  only: readonly string[] = COMMANDS,
): Promise<Finding[]> {
  const copy = await copyOfRepository();
  try {
    const before = await stamps(copy);
    const { words, routers } = await material(copy);
    const draw = random(seed, "fuzz-cli"), findings: Finding[] = [];
    const shell = new Shell(copy);
    const result = await goodResult(shell, copy);
    const commands = (await commandsOf(shell)).filter(({ words: [name] }) => only.includes(name));
    for (let i = 0; i < count; i++) {
      const argv = commandLine(draw.fork(`${i}`), commands, [...words, ...result], result, routers);
      const ended = await shell.run(argv);
      told(`${i} ${ended.code} ${Math.round(ended.milliseconds)} ms  ${JSON.stringify(argv)}`);
      const wrong = whatIsWrong(ended);
      if (wrong) findings.push({ argv, wrong, output: ended.output.slice(-1500) });
      const after = await stamps(copy);
      const changed = [...before].filter(([file, hash]) => after.get(file) !== hash);
      if (changed.length === 0) continue;
      findings.push({ argv, wrong: `changed ${changed[0][0]}`, output: ended.output });
      for (const [file] of changed) await Deno.copyFile(repoPath(file), join(copy, file));
    }
    await shell.end();
    return findings;
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

/** How a command line ended. */
interface Ended {
  readonly code: number | undefined;
  readonly output: string;
  readonly milliseconds: number;
}

/** Milliseconds that a command may take; all of them are given little to do. */
const LIMIT = 120_000;

function whatIsWrong({ code, output }: Ended): string | undefined {
  if (code === undefined) return "did not end, or took its process with it";
  if (code === 1) return "exit code 1";
  if (![0, 2, 3, 4, 5].includes(code)) return `exit code ${code}`;
  if (/^\s+at .*(file:|ext:|\.ts:\d)|panicked/m.test(output)) return "a stack";
  if (code !== 0 && !/^error: .+/m.test(output)) return "no error line";
  return undefined;
}

/** What belongs to the repository and is needed to run commands. */
const COPIED =
  /^(src|baselines|datasets|examples|results\/demo@1\/id\.static\.(json|decisions|splits)|tests\/bench\/fuzz_cli\.ts)|^(deno\.json|deno\.lock|full\.lock|package\.json|README\.md)$/;

async function copyOfRepository(): Promise<string> {
  const copy = await Deno.makeTempDir({ prefix: "fuzz-" });
  for (const file of await (listed ??= repositoryFiles())) {
    const target = join(copy, file);
    await Deno.mkdir(join(target, ".."), { recursive: true });
    await Deno.copyFile(repoPath(file), target);
  }
  return copy;
}

async function repositoryFiles(): Promise<string[]> {
  const { stdout } = await new Deno.Command("git", {
    args: ["ls-files", "-z", "-co", "--exclude-standard"],
    cwd: repoPath(""),
  }).output();
  return new TextDecoder().decode(stdout).split("\0").filter((file) => COPIED.test(file));
}

let listed: Promise<string[]> | undefined;

/** What tells a file from a changed one: size, time and place. */
async function stamps(copy: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const file of await (listed ??= repositoryFiles())) {
    const stat = await Deno.stat(join(copy, file)).catch(() => undefined);
    found.set(file, stat ? `${stat.size} ${stat.mtime?.getTime()} ${stat.ino}` : "gone");
  }
  return found;
}

/** A process in the copy that does one command line after the other. */
class Shell {
  #child: Deno.ChildProcess | undefined;
  #answers: ReadableStreamDefaultReader<string> | undefined;
  #errors = "";

  constructor(private readonly copy: string) {}

  async run(argv: readonly string[]): Promise<Ended> {
    if (!this.#child) this.#start();
    const started = performance.now();
    this.#errors = "";
    const writer = this.#child!.stdin.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify(argv) + "\n"));
    writer.releaseLock();
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), LIMIT);
    const answer = await Promise.race([this.#line(), late.promise]);
    clearTimeout(timer);
    const milliseconds = performance.now() - started;
    if (answer === undefined) {
      await this.end();
      return { code: undefined, output: this.#errors, milliseconds };
    }
    const { code, output } = JSON.parse(answer) as { code: number; output: string };
    return { code, output: output + this.#errors, milliseconds };
  }

  async end(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    try {
      child?.kill("SIGKILL");
    } catch { /* it has ended by itself */ }
    await child?.status;
  }

  #start(): void {
    const permissions = ["--no-prompt", "--allow-read", "--allow-write=.", "--allow-env"];
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-check", "--frozen", "--lock=full.lock", ...permissions, "--allow-ffi"],
        ...["--allow-sys", "tests/bench/fuzz_cli.ts", "--serve"],
      ],
      cwd: this.copy,
      env: { NO_COLOR: "1", ICLR_DATA: join(this.copy, "fuzz") },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#answers = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#listen(this.#child.stderr);
  }

  async #listen(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const bytes of stream) this.#errors += new TextDecoder().decode(bytes);
  }

  async #line(): Promise<string | undefined> {
    let text = "";
    while (!text.endsWith("\n")) {
      const { value, done } = await this.#answers!.read();
      if (done) return undefined;
      text += value;
    }
    return text;
  }
}

const COMMANDS = [
  ...["bench", "merge", "verify", "diff", "report", "figures", "notebooks", "pages", "icl-stage1"],
  ...["export", "data", "embed", "new-router", "conformance", "fit", "route", "add-model"],
];

/** The other side of {@link Shell}. */
async function serve(): Promise<void> {
  const { exitCodeOf } = await import("../../src/cli/args.ts");
  const print = (value: unknown): void => {
    const bytes = new TextEncoder().encode(JSON.stringify(value) + "\n");
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  };
  let output = "";
  const said = (...parts: unknown[]): void => {
    output += parts.map((p) => p instanceof Error ? p.stack : String(p)).join(" ") + "\n";
  };
  console.log = console.error = console.warn = said;
  let rest = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    rest += text;
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      const [command, ...argv] = JSON.parse(rest.slice(0, end)) as string[];
      rest = rest.slice(end + 1);
      output = "";
      const code = await exitCodeOf(async () => {
        const { main } = await import(`../../src/cli/${command.replaceAll("-", "_")}.ts`);
        await main(argv);
      });
      print({ code, output });
    }
  }
}

/** A command as its help describes it. */
interface Described {
  readonly words: readonly string[];
  readonly flags: readonly {
    readonly name: string;
    readonly takes: boolean;
    readonly choices: readonly string[];
  }[];
}

async function commandsOf(shell: Shell): Promise<Described[]> {
  const verbs = ["list", "pull", "import", "check", "reprice"].map((verb) => ["data", verb]);
  const all = [...COMMANDS.map((command) => [command]), ...verbs];
  const described: Described[] = [];
  for (const words of all) {
    const { output } = await shell.run([...words, "--help"]);
    const flags = [...output.matchAll(/^ {2}--([\w-]+)( <[^>]+>)? {2}(.*)$/gm)].map(
      ([, name, takes, help]) => ({
        name: name.replace(/,$/, ""),
        takes: takes !== undefined,
        choices: /one of ([^;)]+)/.exec(help)?.[1].split(", ")
          .filter((choice) => !choice.startsWith("--")) ?? [],
      }),
    );
    described.push({ words, flags });
  }
  return described;
}

/** A fitted router, one that a model joined, and graded answers of another model. */
const MADE = "fuzz/made.router", LARGER = "fuzz/larger.router", ANSWERS = "fuzz/answers.jsonl";

/** What every command that writes is told, so that it writes beside the repository's files. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  "bench": ["--out", "--jobs"],
  "merge": ["--out"],
  "report": ["--out"],
  "figures": ["--out"],
  "pages": ["--results"],
  "icl-stage1": ["--out"],
  "new-router": ["--folder"],
  "fit": ["--save"],
};

/** Flags that take a number, for which files' names would tell nothing. */
const NUMBERS =
  /^(n|nearest|lambda|dial|concurrency|max-tokens|timeout|per-minute|temperature|budget-tokens)$/;

/** How many arguments a command takes, fewest and most. */
const ARITY: Readonly<Record<string, readonly [number, number]>> = {
  "merge": [1, 2],
  "verify": [1, 2],
  "diff": [2, 2],
  "report": [1, 2],
  "figures": [1, 1],
  "export": [1, 1],
  "notebooks": [0, 1],
  "data pull": [1, 1],
  "data import": [1, 1],
  "data check": [1, 2],
  "data reprice": [1, 1],
};

/** Odd values for anything. */
const ODD = [
  ...[
    "",
    " ",
    "-",
    "..",
    "/",
    "~",
    "0",
    "1",
    "2",
    "-1",
    "1e999",
    "NaN",
    "Infinity",
    "0x10",
    "1.5",
    "１",
  ],
  ...[
    "9007199254740993",
    "99999999999999999999",
    "1e9",
    "a,b,,c",
    ",",
    "1,1",
    "1,2",
    "1/2",
    "0/0",
    "3/2",
  ],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "%s%n",
    "a\nb",
    "😀",
    "x".repeat(5000),
    "file:///etc",
    "*",
  ],
  ...[
    "id",
    "ood",
    "ood:1",
    "ood:999999",
    "ood:-1",
    "ood:x",
    "new-model",
    "new-model:0",
    "task",
    "id:published",
  ],
  ...[
    "static",
    "hashed-384",
    "hashed-0",
    "hashed--1",
    "hashed-99999999999",
    "onnx:none",
    "hub:./nowhere",
  ],
  ...[
    "demo",
    "demo/all",
    "demo/none",
    "mmlu-pro",
    "mmlu-pro/none",
    "knn",
    "ridge",
    "knn,knn",
    "/dev/null",
  ],
  ...[
    "true",
    "false",
    "null",
    "csv",
    "routerarena",
    "key=value",
    "=",
    "best-single",
    "oracle",
    "reasoning-gym",
  ],
];

function commandLine(
  draw: Random,
  commands: readonly Described[],
  words: readonly string[],
  results: readonly string[],
  routers: readonly string[],
): string[] {
  const pick = <T>(list: readonly T[]): T => list[draw.integer(list.length)];
  const chance = (p: number): boolean => draw.next() < p;
  const command = chance(0.2) && commands.length > 5 ? commands[0] : pick(commands),
    [name] = command.words;
  const value = ({ name, choices }: Described["flags"][number]): string => {
    if (chance(0.1)) return pick(ODD);
    if (choices.length > 0 && chance(0.8)) return pick(choices);
    if (name === "data" && chance(0.5)) return "fuzz/good.jsonl";
    if (name === "hold-out" && chance(0.5)) return "birch-8b";
    if (name === "router" && command.words[0] !== "fit") {
      return chance(0.8) ? pick([MADE, MADE, LARGER]) : pick([`${MADE}.torn`, ...words]);
    }
    if (NUMBERS.test(name)) return pick(["0", "1", "2", "10", "20", "0.5"]);
    if (name === "records" && chance(0.7)) return ANSWERS;
    if (name === "model" && chance(0.5)) return pick(["fresh", "joined", "birch-8b"]);
    if (name === "endpoint") {
      return pick(["http://127.0.0.1:9/v1", "127.0.0.1:9", "http://[", "ftp://x"]);
    }
    if (/routers?$/.test(name)) return pick([...routers, "knn", "ridge", "knn,ridge", "knn"]);
    if (/seed|budget|subset|worker|attempt/.test(name)) {
      return pick(["1", "2", "42", "1,2", "8", "3"]);
    }
    if (name === "protocol") {
      return pick(["id", "ood", "ood:3", "new-model", "task", "id,ood", "id:published"]);
    }
    if (name === "embedding") return pick(["static", "hashed-384", "hashed-64"]);
    if (name === "shard") return pick(["1/2", "2/2", "1/1", "slurm"]);
    if (name === "only") return pick(["frontier", "gap", "routing", "none"]);
    return pick(words);
  };
  const argv = [...command.words];
  const [fewest, most] = ARITY[command.words.join(" ")] ?? [0, 0];
  const isReader = ["merge", "verify", "diff", "report", "figures", "export"].includes(name);
  const wanted = name === "new-router" || name === "conformance"
    ? [chance(0.6) ? pick([...routers, "my-router", "knn"]) : pick(ODD)]
    : Array.from(
      { length: chance(0.9) ? fewest + draw.integer(most - fewest + 1) : draw.integer(4) },
      () => pick(!chance(0.9) ? ODD : isReader && chance(0.6) ? results : words),
    );
  if (command.words[1] === "import") {
    wanted.unshift(pick(["reasoning-gym", "mmlu-pro", "routellm", "csv", "native"]));
  }
  if (name === "route") wanted.push("hello"); // without a query it reads what is typed to it
  const takesNone = ["bench", "pages", "icl-stage1", "embed"].includes(name);
  if (!takesNone || chance(0.05)) {
    argv.push(...wanted.filter((word) => !word.startsWith("-") || chance(0.2)));
  }
  const places = PLACES[name] ?? [];
  const rare = command.flags.length > 25 ? 0.04 : 0.15; // or no command line of many flags gets far
  for (const flag of command.flags) {
    const isPlace = places.includes(`--${flag.name}`), isReadme = flag.name === "readme";
    if (flag.name === "plan" || flag.name === "out" && chance(0.9)) continue; // given below
    const needed = name === "bench" && ["routers", "data", "seeds"].includes(flag.name) ||
      ["icl-stage1", "fit", "add-model"].includes(name) && flag.name === "data" ||
      ["fit", "route"].includes(name) && flag.name === "router" ||
      name === "add-model" && flag.name === pick(["router", "routers", "n"]);
    if (isPlace || isReadme || !(needed || chance(rare))) continue;
    const text = value(flag);
    argv.push(`--${flag.name}`);
    if (flag.takes && !chance(0.02)) argv.push(text);
    if (!flag.takes && chance(0.05)) argv[argv.length - 1] += "=perhaps";
    if (chance(0.03)) argv.push(`--${flag.name}`, ...(flag.takes ? [value(flag)] : []));
  }
  if (chance(0.04)) {
    argv.push(pick(["--nowhere", "--dat", "-x", "--", "--=", "--out=", "--help", "-h", "---"]));
  }
  // Last, so that nothing is written where the repository's own files are.
  for (const place of places) {
    const html = name === "report" ? pick([".html", ".md", ".txt", ""]) : "";
    const to = chance(0.1)
      ? pick(["fuzz/file.txt", "fuzz/empty.jsonl/x", "/nowhere/x"])
      : `fuzz/out${html}`;
    argv.push(place, to);
  }
  if (name === "bench" && chance(0.15)) {
    argv.push("--plan", pick(["fuzz/plan.json", "fuzz", "fuzz/file.txt/x", "/nowhere/plan.json"]));
  }
  if (name === "add-model") {
    argv.push(...pick([["--list", pick(["fuzz/list.jsonl", "fuzz", "/nowhere/x"])], [], []]));
    argv.push(...pick([["--records", ANSWERS], ["--hold-out", "birch-8b"], []]));
    if (argv.includes("--router")) {
      argv.push(...pick([["--save", pick(["fuzz/out.router", "fuzz", "/nowhere/x"])], []]));
    }
  }
  if (name === "export" && chance(0.8)) argv.push("--out", "fuzz/out.csv");
  if (["import", "reprice"].includes(command.words[1])) argv.push("--out", "fuzz/made.jsonl.gz");
  if (command.words[1] === "reprice" && chance(0.7)) {
    argv.push("--prices", pick(["fuzz/prices.json", "fuzz/object.json", "fuzz/file.txt"]));
  }
  return argv;
}

/** Files good and bad, by the path to type; and names of routers. */
async function material(copy: string): Promise<{ words: string[]; routers: string[] }> {
  const text = new TextEncoder();
  const lines = demoRecords({ queries: 150 }).map((record) => JSON.stringify(record) + "\n");
  const good = text.encode(lines.join("")), zipped = pack(good);
  const binary = Uint8Array.from({ length: 3000 }, (_, i) => (i * 7919) % 256);
  const record = JSON.parse(lines[0]);
  const router = (fit: string): string =>
    `export default { name: "r", summary: "s", source: "none", grid: [{}], fit: ${fit} };`;
  const files: Record<string, string | Uint8Array> = {
    "empty.jsonl": "",
    "empty.json": "",
    "blank.jsonl": "\n\n \n",
    "good.jsonl": good,
    "good.jsonl.gz": zipped,
    "torn.jsonl.gz": zipped.slice(0, zipped.length / 2),
    "torn.jsonl": good.slice(0, 777),
    "twice.jsonl": lines[0] + lines[0],
    "few.jsonl": lines.slice(0, 3).join(""),
    "one model.jsonl": lines.map((l) => {
      const { id, benchmark, query, scores: [[model, score]] } = {
        ...JSON.parse(l),
        scores: Object.entries(JSON.parse(l).scores),
      };
      return JSON.stringify({ id, benchmark, query, scores: { [model as string]: score } }) + "\n";
    }).join(""),
    "binary.jsonl": binary,
    "binary.json": binary,
    "binary.gz": binary,
    "binary.parquet": binary,
    "torn.parquet": text.encode("PAR1" + "x".repeat(40) + "PAR1"),
    "binary.csv": binary,
    "table.csv": "id,benchmark,query,a,b\nq1,x,hello,0,1\nq2,x,world,1,0\n",
    "null.json": "null",
    "array.json": "[]",
    "number.json": "3",
    "object.json": "{}",
    "deep.json": "[".repeat(20000),
    "null.jsonl": "null\n3\n[]\n",
    "types.jsonl": JSON.stringify({ ...record, scores: { a: "1", b: null } }) + "\n",
    "proto.jsonl":
      '{"id":"q","benchmark":"b","query":"x","scores":{"__proto__":1,"constructor":0}}\n',
    "huge.jsonl": JSON.stringify({ ...record, scores: { a: 1e308, b: -5 } }) + "\n",
    "lone.jsonl": '{"id":"q","benchmark":"b","query":"\\ud800","scores":{"a":1,"b":0}}\n',
    "ünï 名😀.jsonl": good,
    "file.txt": "text",
    "prices.json": '{"source":"s","prices":{}}',
    "notebook.ipynb": '{"cells":[],"nbformat":4,"nbformat_minor":5,"metadata":{}}',
    "broken.ipynb": '{"cells":3}',
    "r_syntax.ts": "export default {",
    "r_throws.ts": "throw new Error('at import');",
    "r_shape.ts": "export default 3;",
    "r_none.ts": "export const x = 1;",
    "r_fit.ts": router("() => { throw new Error('in fit'); }"),
    "r_empty.ts": router("() => ({})"),
    "r_null.ts": router("() => { throw null; }"),
    "r_binary.ts": binary,
    "folder/inner.txt": "text",
    "manifested/records.jsonl": good,
    "manifested/manifest.json": '{"name": 3}',
    "manifested2/records.jsonl": good,
    "manifested2/manifest.json": "not json",
  };
  for (const [name, content] of Object.entries(files)) {
    const path = join(copy, "fuzz", name);
    await Deno.mkdir(join(path, ".."), { recursive: true });
    await Deno.writeFile(path, typeof content === "string" ? text.encode(content) : content);
  }
  await Deno.mkdir(join(copy, "fuzz/void"));
  await Deno.mkdir(join(copy, "fuzz/folder.jsonl"));
  await Deno.mkdir(join(copy, "fuzz/folder.json"));
  await Deno.symlink("nothing", join(copy, "fuzz/dangling.jsonl"));
  await Deno.symlink("circle.jsonl", join(copy, "fuzz/circle.jsonl"));
  await Deno.chmod(join(copy, "fuzz/prices.json"), 0o400);
  const names = [
    ...Object.keys(files),
    "void",
    "folder",
    "folder.jsonl",
    "folder.json",
    "missing.jsonl",
  ];
  names.push("dangling.jsonl", "circle.jsonl", "manifested", "manifested2");
  const isRouter = (name: string): boolean => name.endsWith(".ts");
  return {
    words: [
      ...names.filter((name) => !isRouter(name)),
      ...Array(6).fill("good.jsonl"),
    ].map((name) => `fuzz/${name}`).concat(
      "demo",
      "results/demo@1",
      "results/demo@1/id.static.json",
    ),
    routers: [...names.filter(isRouter), "missing.ts", "r_fit.ts#none"].map((name) =>
      `./fuzz/${name}`
    ),
  };
}

/** A small run's result, and what becomes of it when files are damaged; shards too. */
async function goodResult(shell: Shell, copy: string): Promise<string[]> {
  const run = ["bench", "--data", "fuzz/good.jsonl", "--routers", "knn", "--seeds", "1"];
  const place = ["--protocol", "id", "--embedding", "hashed-384", "--jobs", "fuzz/made-jobs"];
  const made = await shell.run([...run, ...place, "--out", "fuzz/made"]);
  if (made.code !== 0) throw new Error(`the run to damage did not succeed: ${made.output}`);
  await shell.run([...run, ...place, "--shard", "1/2", "--out", "fuzz/made"]);
  const fit = ["fit", "--router", "knn", "--data", "fuzz/good.jsonl", "--embedding", "hashed-384"];
  const fitted = await shell.run([...fit, "--save", MADE]);
  if (fitted.code !== 0) throw new Error(`no router to ask and damage: ${fitted.output}`);
  const router = await Deno.readFile(join(copy, MADE));
  await Deno.writeFile(join(copy, `${MADE}.torn`), router.slice(0, router.length / 2));
  const records = (await Deno.readTextFile(join(copy, "fuzz/good.jsonl"))).trimEnd().split("\n");
  for (const [model, file] of [["joined", "fuzz/joined.jsonl"], ["fresh", ANSWERS]]) {
    const answers = records.map((line) => {
      const { id, benchmark, query } = JSON.parse(line);
      return JSON.stringify({ id, benchmark, query, scores: { [model]: 1 } }) + "\n";
    });
    await Deno.writeTextFile(join(copy, file), answers.join(""));
  }
  const add = ["add-model", "--data", "fuzz/good.jsonl", "--records", "fuzz/joined.jsonl"];
  const joined = await shell.run([...add, "--n", "10", "--router", MADE, "--save", LARGER]);
  if (joined.code !== 0) throw new Error(`no larger router to ask: ${joined.output}`);
  const files: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(join(copy, folder))) {
      if (isDirectory) await walk(`${folder}/${name}`);
      else files.push(`${folder}/${name}`);
    }
  };
  await walk("fuzz/made");
  const [result] = files.filter((file) =>
    /id\.[\w-]+(\.\w+)?\.json$/.test(file) && !/speed|splits/.test(file)
  );
  const shard = files.find((file) => file.includes("shard"))!;
  const text = await Deno.readTextFile(join(copy, result));
  const damaged: Record<string, string> = {
    torn: text.slice(0, text.length / 2),
    without: JSON.stringify({ ...JSON.parse(text), routers: undefined }),
    types: JSON.stringify({ ...JSON.parse(text), splits: 3 }),
    hash: text.replace('"sha256": "', '"sha256": "0'),
  };
  const bytes = await Deno.readFile(join(copy, shard));
  const { dir, stem } = /^(?<dir>.*)\/(?<stem>.*)\.json$/.exec(result)!.groups!;
  const words = [
    result,
    result,
    dir,
    shard,
    `${dir}/${stem}.decisions.gz`,
    `${dir}/${stem}.splits.json`,
  ];
  for (const [name, content] of Object.entries(damaged)) {
    await Deno.mkdir(join(copy, "fuzz", `damaged-${name}`));
    for (const part of ["decisions.gz", "splits.json"]) {
      await Deno.copyFile(
        join(copy, `${dir}/${stem}.${part}`),
        join(copy, `fuzz/damaged-${name}/${stem}.${part}`),
      );
    }
    await Deno.writeTextFile(join(copy, `fuzz/damaged-${name}/${stem}.json`), content);
    words.push(`fuzz/damaged-${name}`);
  }
  await Deno.mkdir(join(copy, "fuzz/alone"));
  await Deno.writeTextFile(join(copy, `fuzz/alone/${stem}.json`), text);
  await Deno.writeFile(join(copy, "fuzz/torn-shard.gz"), bytes.slice(0, bytes.length / 2));
  await Deno.writeFile(join(copy, "fuzz/other-shard.gz"), pack(new TextEncoder().encode("{}\n")));
  return [...words, `fuzz/alone/${stem}.json`, "fuzz/torn-shard.gz", "fuzz/other-shard.gz"];
}

if (import.meta.main) {
  if (Deno.args[0] === "--serve") await serve();
  else {
    const [count = 500, seed = 1] = Deno.args.slice(0, 2).map(Number);
    const told = (line: string): void => console.error(line.slice(0, 300));
    const findings = await fuzz(count, seed, told, Deno.args[2]?.split(","));
    for (const { argv, wrong, output } of findings) {
      console.log(`${wrong}: ${JSON.stringify(argv).slice(0, 600)}\n${output}\n`);
    }
    console.log(`${findings.length} findings in ${count} command lines of seed ${seed}`);
    if (findings.length > 0) Deno.exit(5);
  }
}
