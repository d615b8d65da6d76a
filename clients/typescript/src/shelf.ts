import { inTime } from "./intime.js";
import { MemoryStore, type Store } from "./store.js";

const RETRY_MS = 3_000;
/** A store that does not answer has failed. */
const PATIENCE_MS = 5_000;

/**
 * What one person's client keeps: at hand in memory, and written behind to a store.
 *
 * A store that fails holds nothing back: the client goes on with what is in memory, and writes again later.
 */
export class Shelf {
  /** Something was changed elsewhere: by another tab, or a service worker. */
  changedElsewhere: () => void = () => undefined;
  /** Something that was changed from here is in the store now. */
  written: () => void = () => undefined;
  readonly #store: Store;
  readonly #prefix: string;
  readonly #held = new Map<string, unknown>();
  #waiting = new Map<string, unknown>();
  #underWay: ReadonlyMap<string, unknown> = new Map();
  #writing: Promise<void> | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;

  private constructor(store: Store, owner: string) {
    this.#store = store;
    this.#prefix = `muster.${owner}.`;
  }

  /** Open what `owner` has in this store. */
  static async open(store: Store, owner: string): Promise<Shelf> {
    const shelf = new Shelf(store, owner);
    // What cannot be read now is found when it is refreshed.
    const found = await inTime(store.read(shelf.#prefix), PATIENCE_MS).catch(() => new Map<string, unknown>());
    for (const [name, value] of found) shelf.#held.set(name, value);
    store.watch?.((names) => {
      const commands = names.some((name) => name.startsWith(`${shelf.#prefix}command.`));
      if (commands) void shelf.refresh("command.");
    });
    return shelf;
  }

  /** A shelf for a client that gives no commands. */
  static empty(): Shelf {
    return new Shelf(new MemoryStore(), "");
  }

  get(name: string): unknown {
    return this.#held.get(this.#prefix + name);
  }

  /** Return the entries whose names begin so, by their names. */
  all(prefix: string): unknown[] {
    const names = [...this.#held.keys()].filter((name) => name.startsWith(this.#prefix + prefix));
    return names.sort().map((name) => this.#held.get(name));
  }

  /** Tell whether the store holds what is at hand: what is not written yet is lost with the page. */
  isWritten(name: string): boolean {
    const full = this.#prefix + name;
    return !this.#waiting.has(full) && !this.#underWay.has(full);
  }

  /** Keep a value; it must not be changed any more. */
  set(name: string, value: unknown): void {
    this.#put(this.#prefix + name, value);
  }

  remove(name: string): void {
    this.#put(this.#prefix + name, undefined);
  }

  /** Change one entry by what it holds in the store, where another tab may have changed it; return what it holds then. */
  async change<Value>(name: string, edit: (held: Value | undefined) => Value | undefined): Promise<Value | undefined> {
    const full = this.#prefix + name;
    const before = this.#held.get(full);
    await this.settled();
    if (!this.#waiting.has(full)) {
      try {
        const now = (await inTime(this.#store.change(full, (held) => edit(held as Value | undefined)), PATIENCE_MS)) as Value | undefined;
        if (this.#held.get(full) === before) this.#hold(full, now);
        return now;
      } catch {
        // The store fails: what is in memory counts.
      }
    }
    const now = edit(this.#held.get(full) as Value | undefined);
    this.#put(full, now);
    return now;
  }

  /** Read again what others may have changed, except what is being written from here. */
  async refresh(prefix: string): Promise<void> {
    const [before, busy] = [new Map(this.#held), new Set([...this.#waiting.keys(), ...this.#underWay.keys()])];
    const found = await inTime(this.#store.read(this.#prefix + prefix), PATIENCE_MS).catch(() => null);
    if (!found) return;
    const known = [...this.#held.keys()].filter((name) => name.startsWith(this.#prefix + prefix));
    let isNews = false;
    for (const name of new Set([...known, ...found.keys()])) {
      if (busy.has(name) || this.#held.get(name) !== before.get(name)) continue;
      isNews ||= JSON.stringify(found.get(name)) !== JSON.stringify(before.get(name));
      this.#hold(name, found.get(name));
    }
    if (isNews) this.changedElsewhere();
  }

  /** Wait until what was changed before is written, or could not be. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  #put(name: string, value: unknown): void {
    this.#hold(name, value);
    this.#waiting.set(name, value);
    this.#write();
  }

  #hold(name: string, value: unknown): void {
    if (value === undefined) this.#held.delete(name);
    else this.#held.set(name, value);
  }

  #write(): void {
    this.#writing ??= this.#drain().finally(() => (this.#writing = null));
  }

  /** Write one portion after the other: what changes while one is written goes together with the next. */
  async #drain(): Promise<void> {
    while (this.#waiting.size > 0) {
      this.#underWay = this.#waiting;
      this.#waiting = new Map();
      try {
        await inTime(this.#store.write(this.#underWay), PATIENCE_MS);
      } catch {
        this.#waiting = new Map([...this.#underWay, ...this.#waiting]);
        clearTimeout(this.#retry);
        this.#retry = setTimeout(() => this.#write(), RETRY_MS);
        return;
      } finally {
        this.#underWay = new Map();
      }
      this.written();
    }
  }
}
