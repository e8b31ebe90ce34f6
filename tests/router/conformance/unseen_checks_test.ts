/** Routers that mishandle new models, each found by the check it breaks and by no other. */
import type { FittedRouter, ModelProfiles } from "../../../src/router/contract.ts";
import { CapabilityError } from "../../../src/base/errors.ts";
import { average, extend, finds } from "../doubles.ts";

finds([
  [
    "stumbles over a tiny profile",
    {
      fields: { unseen: "zero-update" },
      fitted: (sound) => ({
        ...sound,
        withModels: (profiles) => {
          if (profiles.queries.ids[1].length === 0) throw new CapabilityError("unreachable");
          return extend(sound, profiles);
        },
      }),
    },
    ["small-profile"],
    /1 row: TypeError: Cannot read properties of undefined/,
  ],
  [
    "an unknown model turns the others' predictions to zero",
    {
      fields: { unseen: "zero-update" },
      fitted: (sound) => ({
        ...sound,
        withModels: (profiles) => {
          const known = extend(sound, profiles);
          const predict = async (queries: Parameters<typeof known.predict>[0]) => {
            const { quality } = await known.predict(queries) as { quality: Float64Array };
            return { quality: quality.some(Number.isNaN) ? quality.map(() => 0) : quality };
          };
          return { ...known, predict };
        },
      }),
    },
    ["small-profile"],
    /0 rows: though nothing was learned, \d+ of 80 queries get another model/,
  ],
  [
    "withModels without saying how",
    { fitted: (sound) => ({ ...sound, withModels: (profiles) => extend(sound, profiles) }) },
    ["unseen"],
    /has withModels, but router\.unseen does not say how/,
  ],
  [
    "announces withModels and has none",
    { fields: { unseen: "fit-new-vector" } },
    ["unseen"],
    /router\.unseen is "fit-new-vector", but there is no withModels/,
  ],
  [
    "a profile stands for its first rows",
    {
      fields: { unseen: "zero-update" },
      fitted: (sound) => ({
        ...sound,
        withModels: (profiles) => extend(sound, profiles, (scores) => average(scores.slice(0, 7))),
      }),
    },
    ["profile-order"],
    /after shuffling the profile rows, \d+ of 80 queries get another model/,
  ],
  [
    "new models leave out old ones",
    {
      fields: { unseen: "zero-update" },
      fitted: (sound) => ({
        ...sound,
        withModels: (profiles) => ({ ...extend(sound, profiles), models: profiles.models }),
      }),
    },
    ["unseen", "profile-order", "small-profile"],
    /withModels: expected the models ash, birch, cedar, elm, fir, got birch, fir/,
  ],
  [
    "new models change the router they are added to",
    {
      fields: { unseen: "zero-update" },
      fitted: (sound) => {
        let shift = 0;
        const predict: typeof sound.predict = async (queries) => {
          const { quality } = await sound.predict(queries) as { quality: Float64Array };
          return { quality: quality.map((q) => q + shift) };
        };
        const withModels = (profiles: ModelProfiles): FittedRouter => {
          shift = 1e-9;
          return extend({ ...sound, predict }, profiles);
        };
        return { ...sound, predict, withModels };
      },
    },
    ["unseen"],
    /after withModels, the router it was called on, quality for query q\d+, model ash/,
  ],
  [
    "one way of taking in new models breaks",
    {
      fields: { unseen: "zero-update", unseenGrid: [{ k: 1 }, { k: 2 }] },
      fitted: (sound) => ({
        ...sound,
        withModels: (profiles, way) => {
          if ((way as { k: number } | undefined)?.k === 2) throw new RangeError("no second way");
          return extend(sound, profiles);
        },
      }),
    },
    ["ways"],
    /unseenGrid\[1\]: RangeError: no second way/,
  ],
]);
