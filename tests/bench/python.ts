/**
 * A Python script to compare with, kept running and asked line by line. For development only.
 * @module
 */

/** A running script that answers every line with one line of JSON. */
export interface PythonProcess {
  /** The next line it prints, parsed. @throws {Error} when it ended instead */
  answer<T>(): Promise<T>;
  /** Sends it a line and waits for its answer. */
  ask<T>(line: string): Promise<T>;
  /** Ends its input and waits until it ends. */
  close(): Promise<void>;
}

/** Whether Python is there and can import a module. */
export async function hasModule(name: string): Promise<boolean> {
  try {
    return (await new Deno.Command("python3", { args: ["-c", `import ${name}`], stderr: "null" })
      .output()).success;
  } catch {
    return false;
  }
}

/** Starts a script of this folder. */
export function python(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): PythonProcess {
  const process = new Deno.Command("python3", {
    args: [new URL(script, import.meta.url).pathname, ...args],
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const input = process.stdin.getWriter(), answers = lines(process.stdout);
  const answer = async <T>(): Promise<T> => {
    const { value } = await answers.next();
    if (value === undefined) throw new Error(`${script} failed, see above`);
    return JSON.parse(value);
  };
  return {
    answer,
    async ask(line) {
      await input.write(new TextEncoder().encode(`${line}\n`));
      return await answer();
    },
    async close() {
      await input.close();
      await process.status;
    },
  };
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}
