/** Renews the page of an import while it is worked on: what is focused, and where one has scrolled, stays. */

import { follow } from "../lib/follow";

const EVERY_MS = 2_000;

follow("import", EVERY_MS);
