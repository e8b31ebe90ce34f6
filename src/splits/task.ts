/**
 * The task protocol: whole tasks are held out inside a family of benchmarks, for data made by
 * generators, where a random split shows every template in training.
 * @module
 */
import { CapabilityError } from "../base/errors.ts";
import { seededOrder } from "../base/random.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import { dropCopies } from "./strata.ts";
import type { Cut, Role } from "./split.ts";

const FOLDS = 5;

/**
 * Five folds of whole tasks, stratified by benchmark; each task is tested once and validates once. A
 * benchmark without tasks counts as one. Copies across tasks are dropped from the less strict side.
 * @throws {CapabilityError} when there are fewer than five tasks, or none finer than a benchmark
 */
export function taskCuts(table: OutcomeTable, groups: Uint32Array, seed: number): Cut[] {
  const fold = dealTasks(table, seed);
  return Array.from({ length: FOLDS }, (_, f): Cut => {
    const roles = Array.from(table.task, (task): Role => {
      if (fold.get(task) === f) return "e";
      return fold.get(task) === (f + 1) % FOLDS ? "v" : "t";
    });
    dropCopies(roles, groups);
    return {
      foldName: `tasks ${f + 1} of ${FOLDS}`,
      roles: roles.join(""),
      validation: "tasks",
    };
  });
}

/**
 * Fold of each task. Benchmark by benchmark, its tasks in seeded order go to the folds that have fewest
 * of this benchmark's tasks, then fewest rows.
 */
function dealTasks(table: OutcomeTable, seed: number): Map<number, number> {
  const { task, tasks, benchmark, benchmarks } = table;
  const rows = Map.groupBy(task.keys(), (row) => task[row]);
  const families = Map.groupBy(rows.keys(), (t) => benchmarks[benchmark[rows.get(t)![0]]]);
  if (rows.size < FOLDS || rows.size === families.size) {
    throw new CapabilityError(
      `${table.dataset.name}: task needs at least ${FOLDS} tasks finer than benchmarks, got ` +
        `${rows.size} tasks in ${families.size} benchmarks`,
    );
  }
  const fold = new Map<number, number>();
  const rowsIn = new Array<number>(FOLDS).fill(0);
  for (const family of [...families.keys()].sort()) {
    const tasksIn = new Array<number>(FOLDS).fill(0);
    for (const t of seededOrder(families.get(family)!, (t) => tasks[t], seed, "task")) {
      const to = [...rowsIn.keys()].reduce((a, b) =>
        (tasksIn[b] - tasksIn[a] || rowsIn[b] - rowsIn[a]) < 0 ? b : a
      );
      fold.set(t, to);
      tasksIn[to]++;
      rowsIn[to] += rows.get(t)!.length;
    }
  }
  return fold;
}
