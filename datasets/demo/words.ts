/**
 * Vocabulary of the demo pool: first names, and ten topics that cut across all benchmarks.
 * @module
 */
import { words } from "./grammar.ts";

/** A setting in which questions play; models differ in how well they know it. */
export interface Topic {
  /** Facet name. */
  readonly name: string;
  /** Who acts, with no article. */
  readonly roles: readonly string[];
  /** Where, with no article. */
  readonly places: readonly string[];
  /** Countable things, in the plural. */
  readonly things: readonly string[];
  /** What somebody did, in the past tense. */
  readonly deeds: readonly string[];
}

/** First names. */
export const NAMES: readonly string[] = words(
  "Ada|Amir|Aiko|Bela|Bruno|Chidi|Clara|Dario|Devi|Elif|Emeka|Esther|Farid|Fiona|Gita|Goran|Hana|" +
    "Hugo|Ines|Ivan|Jamal|Joan|Kaito|Katya|Kofi|Lars|Leila|Lucia|Magnus|Mei|Milan|Nadia|Noor|Oskar|" +
    "Olga|Paulo|Petra|Quentin|Rania|Ravi|Rosa|Samir|Selma|Sven|Tara|Teo|Uma|Umar|Vera|Viktor|Wanda|" +
    "Wei|Xenia|Yara|Yusuf|Zara|Zoltan|Anselm|Brigid|Cosmo|Dunya|Edwin|Freya|Gideon|Hilda|Isadora",
);

/** The ten topics, by ascending name. */
export const TOPICS: readonly Topic[] = [
  {
    name: "astronomy",
    roles: words("astronomer|observatory guide|telescope maker|rocket engineer|planetarium host"),
    places: words("observatory|planetarium|launch site|radio dish|star camp|mission control room"),
    things: words(
      "telescopes|star charts|lenses|mirrors|satellites|eclipse glasses|tripods|meteorites|" +
        "photographic plates|spectrographs|antennas|moon maps|eyepieces|rocket nozzles",
    ),
    deeds: words(
      "tracked a comet until dawn|polished the main mirror|named a new asteroid|" +
        "missed the lunar eclipse|calibrated the spectrograph|aimed the dish at Saturn|" +
        "counted craters on an old photograph|lost contact with the probe",
    ),
  },
  {
    name: "chemistry",
    roles: words("chemist|lab assistant|dye maker|perfumer|glass blower"),
    places: words("laboratory|paint factory|refinery|tannery|soap works|test room"),
    things: words(
      "beakers|flasks|test tubes|pipettes|burners|gloves|samples|filters|vials|crystals|" +
        "indicator strips|gas bottles|crucibles|titration kits",
    ),
    deeds: words(
      "spilled the acid|dissolved the salt in warm water|weighed the catalyst twice|" +
        "labelled every vial|distilled the alcohol overnight|waited for the crystals to form|" +
        "cleaned the fume hood|mixed the wrong solvents",
    ),
  },
  {
    name: "cooking",
    roles: words("cook|baker|waiter|pastry chef|food critic"),
    places: words("bakery|canteen|kitchen|street stall|noodle bar|banquet hall"),
    things: words(
      "loaves|pies|pancakes|dumplings|soup bowls|spice jars|frying pans|omelettes|waffles|lemon tarts|" +
        "baguettes|meatballs|ladles|jam jars",
    ),
    deeds: words(
      "burned the onions|kneaded the dough by hand|tasted the soup before serving|" +
        "forgot the salt|sharpened every knife|baked bread for the whole street|" +
        "wrote the menu in chalk|let the stew simmer for hours",
    ),
  },
  {
    name: "farming",
    roles: words("farmer|shepherd|beekeeper|dairy hand|orchard owner"),
    places: words("orchard|dairy|barn|vineyard|mill|greenhouse"),
    things: words(
      "apples|hens|hay bales|milk cans|pumpkins|goats|seed trays|fence posts|egg boxes|beehives|" +
        "cabbages|ploughs|wool sacks|lambs",
    ),
    deeds: words(
      "milked the cows before breakfast|repaired the old fence|sowed barley on the slope|" +
        "sold honey at the gate|drove the sheep down the hill|pruned the pear trees|" +
        "lost half the harvest to hail|oiled the tractor",
    ),
  },
  {
    name: "finance",
    roles: words("banker|accountant|broker|cashier|tax adviser"),
    places: words("bank|stock exchange|counting house|credit union|trading floor|auction room"),
    things: words(
      "shares|bonds|coins|invoices|cheques|gold bars|loan files|ledgers|receipts|banknotes|" +
        "tax forms|savings books|vouchers|deposit slips",
    ),
    deeds: words(
      "paid off the mortgage|sold the shares too early|opened a savings account|" +
        "checked the ledger line by line|signed the loan without reading it|raised the interest rate|" +
        "hid the losses for a year|balanced the books by Friday",
    ),
  },
  {
    name: "law",
    roles: words("judge|lawyer|notary|court clerk|witness"),
    places: words("courthouse|law library|notary office|archive|jury room|police station"),
    things: words(
      "contracts|case files|wills|statutes|affidavits|permits|seals|verdicts|law books|claims|" +
        "patents|petitions|deeds of sale|summonses",
    ),
    deeds: words(
      "signed the contract in haste|appealed against the verdict|questioned the witness|" +
        "mislaid the only copy of the will|settled the dispute out of court|read the statute aloud|" +
        "swore an oath|refused to hand over the files",
    ),
  },
  {
    name: "medicine",
    roles: words("nurse|surgeon|pharmacist|dentist|midwife"),
    places: words("hospital|clinic|pharmacy|surgery|emergency ward|blood bank"),
    things: words(
      "bandages|syringes|tablets|thermometers|blood samples|stretchers|X-ray plates|masks|" +
        "prescriptions|vaccine doses|crutches|drip bags|scalpels|eye charts",
    ),
    deeds: words(
      "changed the dressing twice a day|measured the patient's pulse|ordered a blood test|" +
        "stitched the wound|doubled the dose by mistake|calmed the worried parents|" +
        "sterilised the instruments|kept a record of every fever",
    ),
  },
  {
    name: "music",
    roles: words("violinist|conductor|piano tuner|drummer|choir singer"),
    places: words("concert hall|opera house|rehearsal room|jazz club|organ loft|music school"),
    things: words(
      "violins|records|trumpets|drums|song sheets|guitars|music stands|flutes|microphones|reeds|" +
        "organ pipes|tuning forks|mandolins|bassoons",
    ),
    deeds: words(
      "tuned the piano before the concert|missed the first bar|wrote a song on the train|" +
        "broke a string during the solo|conducted without a score|lent the cello to a student|" +
        "hummed the melody all day|recorded the choir at night",
    ),
  },
  {
    name: "shipping",
    roles: words("captain|dock worker|harbour pilot|customs officer|freight agent"),
    places: words("harbour|shipyard|warehouse|lighthouse|container terminal|customs shed"),
    things: words(
      "crates|barrels|containers|anchors|ropes|pallets|life jackets|sacks of rice|lanterns|sails|" +
        "fuel drums|parcels|propellers|cargo nets",
    ),
    deeds: words(
      "unloaded the cargo in the rain|steered past the reef|repaired the torn sail|" +
        "missed the morning tide|stamped every customs form|painted the hull red|" +
        "radioed the coast guard|stored the barrels below deck",
    ),
  },
  {
    name: "sport",
    roles: words("coach|goalkeeper|referee|cyclist|team captain"),
    places: words("stadium|gym|tennis club|swimming pool|ski lodge|boxing ring"),
    things: words(
      "footballs|rackets|medals|jerseys|skis|helmets|tickets|trophies|water bottles|nets|" +
        "stopwatches|boxing gloves|oars|javelins",
    ),
    deeds: words(
      "scored in the last minute|trained through the winter|lost the final on penalties|" +
        "won a medal in rowing|twisted an ankle on the track|shouted at the referee|" +
        "ran the marathon in the heat|shook hands with every opponent",
    ),
  },
];
