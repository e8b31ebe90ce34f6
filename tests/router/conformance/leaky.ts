/**
 * An environment with a hole, and routers that look through it.
 */
import { Episodes, type Paths, type playEpisodes } from "../../../src/router/episodes.ts";
import type { Observation, SequentialRouter } from "../../../src/router/sequential.ts";

/** An environment with a hole: what all models would say hangs on what is seen. */
export async function leaky(
  ...[fitted, rows, horizon, setting]: Parameters<typeof playEpisodes>
): Promise<Paths> {
  const episodes = new Episodes(rows, horizon),
    row = new Map(rows.queries.ids.map((id, i) => [id, i]));
  while (!episodes.done) {
    const seen = episodes.observe(), M = rows.models.length;
    const all = seen.queries.ids.map((id) => rows.replies.slice(row.get(id)! * M).slice(0, M));
    episodes.take(await fitted.act(Object.assign(seen, { all }), setting));
  }
  return episodes.paths();
}

/** The same router, which asks whoever would sound sure, and answers so, where it can see that unpaid. */
export function peekingCopy<C>(router: SequentialRouter<C>): SequentialRouter<C> {
  return {
    ...router,
    async fit(train, config, context) {
      const fitted = await router.fit(train, config, context), { models } = fitted;
      const sorted = [...models.keys()].sort((a, b) => models[a] < models[b] ? -1 : 1);
      return {
        ...fitted,
        async act(seen, setting) {
          const { all, step } = seen as Observation & { all?: { text: string }[][] };
          if (!all) return await fitted.act(seen, setting);
          const sure = (e: number): number =>
            sorted.find((m) => all[e][m].text.includes("therefore")) ?? sorted[0];
          return seen.queries.ids.map((_, e) =>
            step === 0 ? { visit: sure(e) } : { commit: seen.visited[e * step] }
          );
        },
      };
    },
  };
}
