/** `deno task bench`, stopped and killed: it goes on where it was, and ends with the same bytes. */
import assert from "node:assert/strict";
import { random } from "../../src/base/random.ts";
import { ended, filesBelow, finishedJobs, inside, start, until } from "./cli.ts";
import { DATA, folder, JOBS, places, plain, same } from "./plain_run.ts";

const KILLS = 20;

Deno.test("bench: Ctrl-C says what is kept, leaves no half of a file, and the same command goes on", async () => {
  for (const workers of ["1", "2"]) {
    const name = `stopped${workers}`, jobs = `${folder}/${name}/jobs`;
    const stopped = start("bench", ...plain, ...places(name), "--workers", workers);
    await until(() => finishedJobs(jobs).size > 2, stopped);
    stopped.kill("SIGINT");
    const { code, text } = await ended(stopped);
    assert.equal(code, 130, text);
    const [, kept, all] =
      /^stopped; the same command goes on where it was \((\d+) of (\d+) jobs kept\)$/m
        .exec(text)!;
    assert.deepEqual([Number(kept), Number(all)], [finishedJobs(jobs).size, JOBS]);
    assert.deepEqual(filesBelow(`${folder}/${name}`).filter((file) => file.endsWith(".tmp")), []);
    const again = await inside("bench", ...plain, ...places(name));
    assert.equal(again.code, 0, again.text);
    same(name);
  }
});

Deno.test("bench: a second process with the same run is refused; the first ends undisturbed", async () => {
  const first = start("bench", ...plain, ...places("twice"));
  await until(() => finishedJobs(`${folder}/twice/jobs`).size > 0, first);
  first.kill("SIGSTOP"); // so that it cannot finish before the second has tried
  const second = await inside("bench", ...plain, ...places("twice"));
  first.kill("SIGCONT");
  assert.equal(second.code, 4, second.text);
  assert.match(second.text, /error: the same run is already under way \(.*\.lock is held\)/);
  assert.equal((await ended(first)).code, 0);
  same("twice");
});

Deno.test("bench: killed twenty times, it goes on where it was and ends with the same bytes", async () => {
  const jobs = `${folder}/killed/jobs`, draw = random(20, "kills");
  let kept = new Map<string, string>(), killed = 0, killedBetweenJobs = 0;
  const check = (): void => {
    const now = finishedJobs(jobs);
    for (const [file, written] of kept) assert.equal(now.get(file), written, `${file} done again`);
    kept = now;
  };
  for (let i = 0; i < KILLS; i++) {
    // Three times at any moment of the start, then after some more jobs, at last while the result is made.
    const wanted = i < 3 ? 0 : i < KILLS - 3 ? kept.size + 1 + draw.integer(12) : JOBS;
    const delay = draw.next() * (i < 3 ? 600 : i < KILLS - 3 ? 30 : 400);
    const child = start("bench", ...plain, ...places("killed"));
    await until(() => finishedJobs(jobs).size >= Math.min(JOBS, wanted), child);
    await new Promise((resolve) => setTimeout(resolve, delay));
    try {
      child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it had ended before
    }
    const { signal, code, text } = await ended(child);
    if (signal === "SIGKILL") killed++;
    else assert.equal(code, 0, text);
    check();
    if (signal === "SIGKILL" && kept.size > 0 && kept.size < JOBS) killedBetweenJobs++;
  }
  assert.ok(killed >= 15, `${killed} of ${KILLS} were killed before their end`);
  assert.ok(
    killedBetweenJobs >= 5,
    `${killedBetweenJobs} were killed with jobs done and jobs to do`,
  );
  const { code, text } = await inside("bench", ...plain, ...places("killed"));
  assert.equal(code, 0, text);
  check();
  assert.equal(kept.size, JOBS, "each job once, and no other");
  same("killed");
  const verified = await inside("verify", "--data", DATA, `${folder}/killed/out`);
  assert.match(verified.text, /1 of 1 results recomputed/, "leavings of a kill are no results");
});
