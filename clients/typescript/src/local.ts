import type { Store } from "./store.js";

/** Keeps in the browser's `localStorage`: where IndexedDB is barred, and where clients before version 1.1 kept everything. */
export class LocalStore implements Store {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  async read(prefix: string): Promise<Map<string, unknown>> {
    return new Map(this.names().filter((name) => name.startsWith(prefix)).map((name) => [name, this.get(name)]));
  }

  async write(changes: ReadonlyMap<string, unknown>): Promise<void> {
    for (const [name, value] of changes) this.#put(name, value);
  }

  async change(name: string, edit: (held: unknown) => unknown): Promise<unknown> {
    const value = edit(this.get(name));
    this.#put(name, value);
    return value;
  }

  watch(told: (names: string[]) => void): void {
    globalThis.addEventListener?.("storage", (event: Event) => {
      const { key } = event as StorageEvent;
      if (key !== null) told([key]);
    });
  }

  names(): string[] {
    return Array.from({ length: this.#storage.length }, (_, index) => this.#storage.key(index) ?? "");
  }

  /** Return an entry; what cannot be read is nothing. */
  get(name: string): unknown {
    try {
      return JSON.parse(this.text(name) ?? "null") ?? undefined;
    } catch {
      return undefined;
    }
  }

  text(name: string): string | null {
    return this.#storage.getItem(name);
  }

  /** Remove an entry, unless it says something else by now. */
  removeIf(name: string, text: string | null): void {
    if (this.text(name) === text) this.#storage.removeItem(name);
  }

  #put(name: string, value: unknown): void {
    if (value === undefined) this.#storage.removeItem(name);
    else this.#storage.setItem(name, JSON.stringify(value));
  }
}
