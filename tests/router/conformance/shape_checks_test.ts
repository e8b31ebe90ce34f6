/** Spoilt forms, each found by the check it breaks and by no other. */
import { average, dialOf, finds } from "../doubles.ts";

finds([
  [
    "wrong shape",
    { predict: (quality) => ({ quality: quality.slice(1) }) },
    ["predictions"],
    /quality: expected 400 values \(80 queries × 5 models\), got 399/,
  ],
  [
    "infinite quality",
    { predict: (quality) => ({ quality: quality.fill(-Infinity, 7, 8) }) },
    ["predictions"],
    /quality is -Infinity for query q\d+, model cedar; NaN means "never"/,
  ],
  [
    "unknown cost of a model that can be chosen",
    { predict: (quality) => ({ quality, cost: quality.map(() => NaN) }) },
    ["predictions"],
    /cost is NaN for query q\d+, model ash, which can be chosen/,
  ],
  [
    "a mixture that does not sum to 1",
    { predict: () => ({ mixtures: [Float64Array.of(0.5, 0.5, 0.1, 0, 0)] }) },
    ["predictions"],
    /mixtures\[0\] sums to 1\.1, not to 1/,
  ],
  [
    "a card without a size",
    { fitted: (sound) => ({ ...sound, describe: () => ({ parameters: NaN }) }) },
    ["predictions"],
    /describe\(\)\.parameters: expected a whole number, got NaN/,
  ],
  [
    "a memo key without the configuration",
    { weights: ({ train, queries }, sound) => queries.memo(`w/${train.queries.memo.id}`, sound) },
    ["grid"],
    /grid\[1\] after the others on the same batches, then on its own, quality for query q\d+/,
  ],
  [
    "a configuration that cannot be fitted",
    {
      weights: ({ config }, sound) => {
        if (config.sharpness === 2) throw new RangeError("too blunt");
        return sound();
      },
    },
    ["grid"],
    /grid\[1\] \{"sharpness":2\}: RangeError: too blunt/,
  ],
  [
    "centres qualities on the batch",
    {
      predict: (quality, { models }) => {
        const M = models.length;
        const mean = models.map((_, m) => average([...quality].filter((_, at) => at % M === m)));
        return { quality: quality.map((q, at) => q - mean[at % M]) };
      },
    },
    ["batch-size"],
    /query q\d+ gets \w+ in a batch of 80, \w+ alone/,
  ],
  [
    "cannot take an empty batch",
    { predict: (quality) => ({ quality: quality.fill(quality.reduce((a, b) => a * b), 0, 0) }) },
    ["batch-size"],
    /throws TypeError: Reduce of empty array/,
  ],
  [
    "a dial that turns back",
    { fitted: (sound) => ({ ...sound, dial: dialOf([1, 0, 0.5]) }) },
    ["dial"],
    /dial α: values do not run in one direction: 1, 0, 0\.5/,
  ],
  [
    "a dial the wrong way round",
    { fitted: (sound) => ({ ...sound, dial: dialOf([0, 0.5, 1]) }) },
    ["dial"],
    /dial α: cost first \(1\) spends .* more than quality first \(0\)/,
  ],
]);
