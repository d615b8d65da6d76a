/** The store of a browser: IndexedDB, into which what lies in `localStorage` is moved, or what there is instead. */
import { IndexedStore } from "./indexed.js";
import { inTime } from "./intime.js";
import { LocalStore } from "./local.js";
import type { Pending } from "./outbox.js";
import { MemoryStore, type Store } from "./store.js";
import type { Fix } from "./wire.js";

/** Safari 14 has versions in which IndexedDB never answers. */
const PATIENCE_MS = 2_000;
/** What belongs to a client; pages may keep things of their own beside it. */
const OURS = /^muster\.\w+\.(command\..+|inbox|fixes)$/;

/** Open the store of this browser. Never rejects: the last resort is memory. */
export async function openStore(open: () => Promise<IndexedStore> = () => IndexedStore.open()): Promise<Store> {
  const local = localStore();
  const opening = Promise.resolve().then(open);
  const indexed = await inTime(opening, PATIENCE_MS).catch(() => null);
  if (!indexed) opening.then((late) => late.close(), () => undefined);
  if (!indexed) return local ?? new MemoryStore();
  try {
    if (local) await inTime(move(local, indexed), PATIENCE_MS);
    return indexed;
  } catch {
    return local ?? indexed; // Nothing has been moved: a queued answer is sent from where it lies.
  }
}

function localStore(): LocalStore | null {
  try {
    // Cookies may be barred, and this with them: then asking for it fails.
    return globalThis.localStorage ? new LocalStore(globalThis.localStorage) : null;
  } catch {
    return null;
  }
}

/**
 * Move what lies in `localStorage` in one transaction, then remove it there.
 *
 * It is read inside the transaction, so of two tabs that start at once the later finds what the earlier has left. Where
 * both places hold an entry nothing is lost: a tab with an older page may still be writing to the old one.
 */
async function move(local: LocalStore, indexed: IndexedStore): Promise<void> {
  const ours = () => local.names().filter((name) => OURS.test(name));
  if (ours().length === 0) return;
  const moved = new Map<string, string | null>();
  await indexed.changeAll(ours, (name, held) => {
    moved.set(name, local.text(name));
    return merged(name, held, local.get(name));
  });
  for (const [name, text] of moved) local.removeIf(name, text);
}

function merged(name: string, held: unknown, brought: unknown): unknown {
  if (held === undefined || brought === undefined) return held ?? brought;
  if (name.endsWith(".inbox")) return atOf(brought) > atOf(held) ? brought : held;
  if (name.endsWith(".fixes")) return [...new Map([...(held as Fix[]), ...(brought as Fix[])].map((fix) => [fix.at, fix])).values()].sort(byTime);
  return (held as Pending).tried ? held : brought;
}

const atOf = (kept: unknown): string => (kept as { at?: string }).at ?? "";
const byTime = (a: Fix, b: Fix): number => (a.at < b.at ? -1 : 1);
