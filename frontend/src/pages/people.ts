/** Forgets what this browser has kept of the person who has just signed out. */

import { openStore } from "muster-client";
import { forget } from "../me/forget";

const left = document.querySelector<HTMLElement>("[data-left]")?.dataset.left;
if (left) void openStore().then((store) => forget(store, left));
