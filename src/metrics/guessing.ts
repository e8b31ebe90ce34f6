/**
 * Multiple choice inflates the oracle: with n options and M models somebody guesses right. Three ways to
 * say by how much.
 * @module
 */
import { type Outcomes, requireScores } from "./shapes.ts";

/**
 * Guess floor G: accuracy of the oracle over M pure guessers, mean_i [1 − (1 − 1/n_i)^M]; a free-form
 * query adds 0.
 *
 * @param options answer options of each query, 0 = free form; length N
 * @param models pool size M
 * @throws {RangeError} without queries, or naming the row with a single option
 */
export function guessFloor(options: Uint16Array, models: number): number {
  if (options.length === 0) throw new RangeError("no queries");
  let sum = 0;
  options.forEach((n, i) => sum += 1 - (1 - guess(n, i)) ** models);
  return sum / options.length;
}

/**
 * Chance-corrected oracle in κ form: (O − G)/(1 − G). Harsh for large pools (10 options, 28 models:
 * G = .948), so a warning light rather than a target.
 *
 * @param oracle mean oracle score O
 * @param floor G of {@link guessFloor}
 */
export function kappaOracle(oracle: number, floor: number): number {
  return (oracle - floor) / (1 - floor);
}

/**
 * w: probability that a right answer is known rather than guessed, k / accuracy with
 * k = max(0, (accuracy − chance)/(1 − chance)).
 *
 * @param accuracy share of right answers, 0…1
 * @param chance 1/n; 0 for free form
 * @returns 0…1; 0 for accuracy 0
 */
export function knownShare(accuracy: number, chance: number): number {
  if (accuracy <= 0) return 0;
  return Math.max(0, (accuracy - chance) / (1 - chance)) / accuracy;
}

/**
 * Discounted oracle ↑: the expected best score among models that know the answer, if guesses are
 * independent: a model that solved a query (z = 1) knows it with probability w_{m,b}, any other does not.
 * With scores of 0 and 1 it is mean_i [1 − Π_{m: z=1} (1 − w_{m,b})], the share of queries that some model
 * knows. A free-form answer is never a guess and keeps its score; where a dataset mixes numbers of options,
 * accuracy and chance are those of its multiple-choice queries. Never above the oracle.
 *
 * @throws {DataError} naming row and model of a missing score
 * @throws {RangeError} naming the row with a single option
 */
export function discountedOracle(outcomes: Outcomes): number {
  requireScores(outcomes);
  const { rows, models, scores, solvedFrom, dataset, datasets, options } = outcomes;
  const solved = (i: number, m: number): boolean => scores[i * models + m] >= solvedFrom[i];
  const queries = new Float64Array(datasets), chance = new Float64Array(datasets);
  const right = new Float64Array(datasets * models);
  for (let i = 0; i < rows; i++) {
    if (options[i] === 0) continue;
    queries[dataset[i]]++;
    chance[dataset[i]] += guess(options[i], i);
    for (let m = 0; m < models; m++) if (solved(i, m)) right[dataset[i] * models + m]++;
  }
  const known = right.map((count, at) => {
    const d = Math.floor(at / models);
    return queries[d] > 0 ? knownShare(count / queries[d], chance[d] / queries[d]) : 1;
  });
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    const own = scores.subarray(i * models, (i + 1) * models);
    // Best first: a model counts where it knows and no better one does.
    const best = [...own.keys()].sort((a, b) => own[b] - own[a]);
    let nobody = 1, expected = 0;
    for (const m of options[i] === 0 ? best.slice(0, 1) : best) {
      const w = options[i] === 0 ? 1 : solved(i, m) ? known[dataset[i] * models + m] : 0;
      expected += nobody * w * own[m];
      nobody *= 1 - w;
    }
    sum += expected;
  }
  return sum / rows;
}

/** Probability of guessing right among n options; 0 for free form. */
function guess(options: number, row: number): number {
  if (options === 1) throw new RangeError(`row ${row}: one answer option is no choice`);
  return options === 0 ? 0 : 1 / options;
}
