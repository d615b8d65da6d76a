/** Forgets what this browser has kept of the person who has just signed out; what others have kept stays. */

import { openStore } from "muster-client";

async function forget(number: string): Promise<void> {
  const store = await openStore();
  const kept = await store.read(`muster.${number}.`);
  await store.write(new Map([...kept.keys()].map((name) => [name, undefined])));
}

const left = document.querySelector<HTMLElement>("[data-left]")?.dataset.left;
if (left) void forget(left);
