/** Controls of the cascade that reads replies. */
import cascade from "../cascade_replies.ts";
import { blanked } from "../../src/router/mod.ts";

/** The same cascade, whose scorer sees empty replies: what it earns more than this, it reads. */
export const cascade_replies_blanked = blanked(cascade);
