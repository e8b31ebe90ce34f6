/**
 * What routing one text costs: median and 95th percentile of single texts, embedded and routed, beside the bare
 * embedding of the same texts; the median with the nearest recorded queries as well; and how long a file takes to
 * open, its fit included.
 *
 *     deno run --frozen --no-prompt --allow-read --allow-write=runs --allow-env --allow-ffi \
 *       tests/bench/route.ts demo knn,ridge [embedding]
 *
 * @module
 */
import { fitRouter, openPool, openRouter } from "../../src/mod.ts";
import { openProvider } from "../../src/embed/mod.ts";

/** Texts that are timed, after some that warm up. */
const TIMED = 300, WARM = 50;

/** Milliseconds of single calls: median and 95th percentile. */
async function each(
  texts: readonly string[],
  ask: (text: string) => Promise<unknown>,
): Promise<[number, number]> {
  const times: number[] = [];
  for (const [i, text] of texts.entries()) {
    const start = performance.now();
    await ask(text);
    if (i >= WARM) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return [times[Math.floor(times.length / 2)], times[Math.floor(times.length * 0.95)]];
}

if (import.meta.main) {
  const [data = "demo", routers = "knn,ridge", embedding = "static"] = Deno.args;
  const pool = await openPool(data), provider = await openProvider(embedding);
  const texts = pool.table.texts.slice(0, TIMED + WARM);
  const row = (...cells: string[]): void =>
    console.log(cells.map((cell, i) => i ? cell.padStart(12) : cell.padEnd(22)).join(""));
  row(`${pool.name}, ${embedding}`, "opens, s", "p50, ms", "p95, ms", "÷ embedding", "explained");
  for (const id of routers.split(",")) {
    const path = `runs/timed-${id}.router`;
    await (await fitRouter(pool, id, { embedding })).save(path);
    const start = performance.now(), router = await openRouter(path);
    await router.fitted();
    const opened = (performance.now() - start) / 1000;
    const [p50, p95] = await each(texts, (text) => router.route([text]));
    // Beside every router: other work on the machine changes from one minute to the next.
    const [bare] = await each(texts, (text) => provider.embed([text]));
    const [explained] = await each(texts, async (text) => {
      await router.route([text]);
      await router.nearest(text);
    });
    const times = [p50, p95].map((ms) => ms.toFixed(3));
    row(id, opened.toFixed(2), ...times, (p50 / bare).toFixed(1), explained.toFixed(3));
    await Deno.remove(path);
  }
}
