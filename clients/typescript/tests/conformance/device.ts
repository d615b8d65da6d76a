import { v7 as uuid7 } from "uuid";
import {
  type Answer,
  Client,
  type ClientPhase,
  CursorBook,
  FixQueue,
  type Listener,
  type OfferPage,
  Outbox,
  Refused,
  Rest,
  Shelf,
  type TopicName,
} from "../../src/index.js";

/** Where the server seems to be, and how the volunteer signs in. */
export interface Owner {
  address: string;
  number: string;
  password: string;
}

interface Tokens {
  access: string;
  refresh: string;
  access_expires_in_s: number;
}

const RETRY_MS = 2_000;
/** A token is renewed when so much of its time has passed. */
const SHARE = 2 / 3;

const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A volunteer's phone without its screen: this client, tokens that are renewed in time, and the person's fingers. */
export class Device {
  readonly #owner: Owner;
  readonly #id = uuid7();
  readonly #rest: Rest;
  /** Where each order stands in its topic: what is on the screen is told as seen. */
  readonly #places = new Map<string, { topic: TopicName; seq: number }>();
  #shelf = Shelf.empty();
  #cursors = new CursorBook();
  #fixes = new FixQueue(this.#shelf);
  #client: Client | null = null;
  #tokens: Tokens | null = null;
  #renewing: Promise<boolean> | null = null;
  #renewal: ReturnType<typeof setTimeout> | undefined;
  #reports: ReturnType<typeof setTimeout> | undefined;

  constructor(owner: Owner) {
    this.#owner = owner;
    this.#rest = new Rest(owner.address, () => (this.#tokens ? { Authorization: `Bearer ${this.#tokens.access}` } : {}));
  }

  async signIn(): Promise<void> {
    const { number, password } = this.#owner;
    const device = { id: this.#id, name: "conformance", platform: "other" };
    const key = uuid7();
    const tokens = await this.#insist(() => this.#rest.post<Tokens>("/sign-in", { identifier: number, password, device }, key));
    if (!tokens) return;
    this.#keep(tokens);
    this.start();
  }

  /** Open the app: what it has kept is there again. */
  start(): void {
    this.#client?.link.sleep();
    const url = `${this.#owner.address.replace("http", "ws")}/ws/v1/`;
    const client: Client = new Client(
      {
        link: { url, isOnline: () => true, makeSocket: (to, version) => new WebSocket(to, [version, `bearer.${this.#tokens?.access}`]) },
        app: { app: "conformance", version: "1" },
        cursors: this.#cursors,
        outbox: new Outbox(this.#shelf),
        fixes: this.#fixes,
        doors: this.#rest,
      },
      this.#listener((phase) => client === this.#client && this.#became(phase)),
    );
    this.#client = client;
    client.start();
  }

  accept(task: string): void {
    this.look(task);
    const answer: Answer = { task, answer: "accept", eta_min: 5 };
    this.#client?.command("assignment.answer", answer);
  }

  look(task: string): void {
    const place = this.#places.get(task);
    if (place) this.#client?.seen(place.topic, place.seq);
  }

  #listener(changed: (phase: ClientPhase) => void): Listener {
    return {
      snapshot: (topic, snapshot, seq) => {
        const { offers } = snapshot as { offers?: OfferPage };
        for (const { task } of offers?.items ?? []) this.#places.set(task.id, { topic, seq });
      },
      event: (event) => {
        if (event.type === "task.called") this.#places.set(event.data.task.id, event);
      },
      begunAnew: () => this.#places.clear(),
      changed,
    };
  }

  #became(phase: ClientPhase): void {
    if (phase === "open") this.#report();
    else clearTimeout(this.#reports);
    if (phase === "renumbered") this.#cursors = new CursorBook();
    if (phase === "signed-out" || phase === "renumbered") void this.#comeBack();
    if (phase === "stopped" && this.#client?.link.why === "revoked") this.#forget();
  }

  async #comeBack(): Promise<void> {
    this.#client = null;
    if (await this.#renew()) this.start();
  }

  /** This device was signed out: nothing of its person stays. */
  #forget(): void {
    this.#client = null;
    clearTimeout(this.#renewal);
    this.#tokens = null;
    this.#shelf = Shelf.empty();
    this.#cursors = new CursorBook();
    this.#fixes = new FixQueue(this.#shelf);
    this.#places.clear();
  }

  // --- tokens

  #keep(tokens: Tokens): void {
    this.#tokens = tokens;
    clearTimeout(this.#renewal);
    this.#renewal = setTimeout(() => void this.#renewInTime(), tokens.access_expires_in_s * 1_000 * SHARE);
  }

  async #renewInTime(): Promise<void> {
    if (!(await this.#renew())) return;
    await this.#client?.ask("session.renew", { token: this.#tokens!.access }).catch(() => undefined);
  }

  /** One part of an app renews, never two. */
  #renew(): Promise<boolean> {
    this.#renewing ??= this.#renewOnce().finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  /** Tells whether there are new tokens; without them the person has to sign in, and what waits is kept. */
  async #renewOnce(): Promise<boolean> {
    const { refresh } = this.#tokens ?? {};
    this.#tokens = null;
    const tokens = refresh ? await this.#insist(() => this.#rest.post<Tokens>("/token/refresh", { refresh })) : null;
    if (tokens) this.#keep(tokens);
    return tokens !== null;
  }

  /** Ask until there is an answer; null when that is a refusal. */
  async #insist<Result>(ask: () => Promise<Result>): Promise<Result | null> {
    for (;;) {
      try {
        return await ask();
      } catch (reason) {
        if (reason instanceof Refused && reason.problem.status < 429) return null;
        await later(RETRY_MS);
      }
    }
  }

  // --- positions

  #report(): void {
    clearTimeout(this.#reports);
    const { position_every_s } = this.#client?.welcome ?? { position_every_s: 30 };
    this.#reports = setTimeout(() => {
      this.#fixes.add({ at: new Date().toISOString(), lon: 119.8921, lat: 29.4512, datum: "wgs84", acc_m: 9 });
      this.#client?.flushFixes();
      this.#report();
    }, position_every_s * 1_000);
  }
}
