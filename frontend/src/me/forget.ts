import type { Store } from "muster-client";

/** Delete what a store holds of one person; what others have kept stays. */
export async function forget(store: Store, number: string): Promise<void> {
  const kept = await store.read(`muster.${number}.`);
  await store.write(new Map([...kept.keys()].map((name) => [name, undefined])));
}
