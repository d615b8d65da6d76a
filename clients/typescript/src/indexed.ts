import { openDB, type IDBPDatabase } from "idb";
import type { Store } from "./store.js";

const TABLE = "kept";
const VERSION = 1;

/** Keeps in the browser's IndexedDB, which a service worker reads too. */
export class IndexedStore implements Store {
  readonly #name: string;
  readonly #channel: BroadcastChannel | null;
  #database: Promise<IDBPDatabase> | null = null;

  private constructor(name: string) {
    this.#name = name;
    // Safari 14 has none: there a tab learns of another's commands when it connects.
    this.#channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(name);
  }

  /** Rejects where the browser bars it. */
  static async open(name = "muster"): Promise<IndexedStore> {
    const store = new IndexedStore(name);
    await store.#open();
    return store;
  }

  async close(): Promise<void> {
    this.#channel?.close();
    (await this.#database)?.close();
    this.#database = null;
  }

  read(prefix: string): Promise<Map<string, unknown>> {
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    return this.#try(async (database) => {
      const { store } = database.transaction(TABLE);
      const [names, values] = await Promise.all([store.getAllKeys(range), store.getAll(range)]);
      return new Map(names.map((name, index) => [String(name), values[index] as unknown]));
    });
  }

  async write(changes: ReadonlyMap<string, unknown>): Promise<void> {
    await this.changeAll(() => changes.keys(), (name) => changes.get(name));
  }

  async change(name: string, edit: (held: unknown) => unknown): Promise<unknown> {
    const now = await this.changeAll(() => [name], (_, held) => edit(held));
    return now.get(name);
  }

  /** Change entries in one transaction; `names` is asked in it, when no other one is writing. Return what they hold then. */
  async changeAll(
    names: () => Iterable<string>,
    edit: (name: string, held: unknown) => unknown,
  ): Promise<Map<string, unknown>> {
    const changed = await this.#try(async (database) => {
      const { store, done } = database.transaction(TABLE, "readwrite");
      await store.count();
      const now = new Map<string, unknown>();
      for (const name of names()) {
        const value = edit(name, await store.get(name));
        now.set(name, value);
        await (value === undefined ? store.delete(name) : store.put(value, name));
      }
      await done;
      return now;
    });
    this.#channel?.postMessage([...changed.keys()]);
    return changed;
  }

  watch(told: (names: string[]) => void): void {
    this.#channel?.addEventListener("message", ({ data }) => told(data as string[]));
  }

  /** A browser may end a connection, of a page in the background for one: once more with a new one. */
  async #try<Result>(act: (database: IDBPDatabase) => Promise<Result>): Promise<Result> {
    try {
      return await act(await this.#open());
    } catch {
      (await this.#database?.catch(() => null))?.close();
      this.#database = null;
      return act(await this.#open());
    }
  }

  #open(): Promise<IDBPDatabase> {
    return (this.#database ??= openDB(this.#name, VERSION, {
      upgrade: (database) => void database.createObjectStore(TABLE),
      // A newer page needs another layout: let go, and it is not held up.
      blocking: (_, __, event) => (event.target as IDBDatabase).close(),
      terminated: () => (this.#database = null),
    }));
  }
}
