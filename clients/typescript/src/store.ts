/**
 * Where a client keeps what must outlive it: IndexedDB in a browser, a file or memory in Node.
 *
 * Names are like paths, values are what JSON can say.
 */
export interface Store {
  /** Return all entries whose names begin so. */
  read(prefix: string): Promise<Map<string, unknown>>;
  /** Make these changes together or not at all; `undefined` removes. */
  write(changes: ReadonlyMap<string, unknown>): Promise<void>;
  /** Change one entry by what it holds at that moment, with no other change between; return what it holds then. */
  change(name: string, edit: (held: unknown) => unknown): Promise<unknown>;
  /** Tell the names of what others change: another tab, a service worker. */
  watch?(told: (names: string[]) => void): void;
}

/** Keeps as long as the program runs. */
export class MemoryStore implements Store {
  readonly #entries = new Map<string, string>();

  async read(prefix: string): Promise<Map<string, unknown>> {
    const found = [...this.#entries].filter(([name]) => name.startsWith(prefix));
    return new Map(found.map(([name, text]) => [name, JSON.parse(text) as unknown]));
  }

  async write(changes: ReadonlyMap<string, unknown>): Promise<void> {
    for (const [name, value] of changes) this.#put(name, value);
  }

  async change(name: string, edit: (held: unknown) => unknown): Promise<unknown> {
    const text = this.#entries.get(name);
    const value = edit(text === undefined ? undefined : JSON.parse(text));
    this.#put(name, value);
    return value;
  }

  #put(name: string, value: unknown): void {
    if (value === undefined) this.#entries.delete(name);
    else this.#entries.set(name, JSON.stringify(value));
  }
}
