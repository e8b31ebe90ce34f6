/**
 * The process that talks to an endpoint, and the only one that may: it is started with permission for one
 * host, one folder and one environment variable. The job comes as the first line of standard input; a
 * second one asks it to end with the calls in flight; when the input closes, who started it is dead.
 * @module
 */
import { UsageError } from "../base/errors.ts";
import { progress } from "../base/progress.ts";
import { random } from "../base/random.ts";
import { sendError } from "../base/threads.ts";
import { tokenCounter } from "../outcomes/tokens.ts";
import { asker } from "./ask.ts";
import { collect, type Ending, openCalls } from "./collect.ts";
import { openJournal } from "./journal.ts";
import type { Job, JobReply } from "./job.ts";
import { realClock } from "./pace.ts";
import { redact } from "./redact.ts";

let stopped = false, key: string | undefined;

/** Lines of standard input; ends the process when it closes. */
async function* input(): AsyncGenerator<string> {
  let text = "";
  for await (const piece of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (text + piece).split("\n");
    text = lines.pop()!;
    yield* lines;
  }
  Deno.exit(130);
}

function keyOf(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const value = Deno.env.get(name)?.trim();
  if (value) return value;
  throw new UsageError(`--key-env ${name}: expected a key in this environment variable, got none`);
}

async function work(job: Job): Promise<Ending> {
  key = keyOf(job.keyEnv);
  using open = await openJournal(job.journal);
  const { journal } = open;
  const line = progress("collecting", openCalls(job.calls, journal, job.plan).length);
  const ending = await collect(job.calls, job.plan, {
    ask: asker({ ...job.endpoint, key }, await tokenCounter()),
    journal,
    clock: realClock,
    random: random(crypto.getRandomValues(new Uint32Array(1))[0], "pauses"),
    progress: (done, { tokens, dollars }) =>
      line.update(done, `${tokens} tokens${dollars > 0 ? `, $${dollars.toFixed(4)}` : ""}`),
    stopped: () => stopped,
  });
  line.end();
  return ending;
}

const lines = input();
const { value: first } = await lines.next();
void (async () => {
  for await (const _ of lines) stopped = true;
})();
Deno.addSignalListener("SIGINT", () => {}); // who started this process decides
let reply: JobReply;
try {
  reply = { ending: await work(JSON.parse(first!)) };
} catch (error) {
  reply = { error: redact(sendError(error), key) };
}
console.log(JSON.stringify(reply));
Deno.exit(0);
