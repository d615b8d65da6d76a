/** For programs in Node. */
import { readFile, rename, writeFile } from "node:fs/promises";
import type { Store } from "./store.js";

/** Keeps in one file, for one process. */
export class FileStore implements Store {
  readonly #path: string;
  readonly #entries: Map<string, unknown>;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, entries: Map<string, unknown>) {
    this.#path = path;
    this.#entries = entries;
  }

  static async open(path: string): Promise<FileStore> {
    const text = await readFile(path, "utf8").catch((reason: NodeJS.ErrnoException) => {
      if (reason.code === "ENOENT") return "{}";
      throw reason;
    });
    return new FileStore(path, new Map(Object.entries(JSON.parse(text) as Record<string, unknown>)));
  }

  async read(prefix: string): Promise<Map<string, unknown>> {
    return structuredClone(new Map([...this.#entries].filter(([name]) => name.startsWith(prefix))));
  }

  write(changes: ReadonlyMap<string, unknown>): Promise<void> {
    return this.#save(new Map([...changes].map(([name, value]) => [name, structuredClone(value)])));
  }

  async change(name: string, edit: (held: unknown) => unknown): Promise<unknown> {
    const value = edit(structuredClone(this.#entries.get(name)));
    await this.#save(new Map([[name, value]]));
    return value;
  }

  /** One after the other; a crash leaves the file as it was before or after, never half of it. */
  #save(changes: ReadonlyMap<string, unknown>): Promise<void> {
    for (const [name, value] of changes) {
      if (value === undefined) this.#entries.delete(name);
      else this.#entries.set(name, value);
    }
    const text = JSON.stringify(Object.fromEntries(this.#entries));
    const saved = this.#last.then(async () => {
      await writeFile(`${this.#path}.new`, text, { mode: 0o600 });
      await rename(`${this.#path}.new`, this.#path);
    });
    this.#last = saved.catch(() => undefined);
    return saved;
  }
}
