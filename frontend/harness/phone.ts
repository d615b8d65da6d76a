import { Client, type EventFrame, type Listener, MemoryStore, type Pending, Rest, Shelf, type Store } from "muster-client";
import { lists } from "../src/me/inbox";
import { VolunteerState } from "../src/me/state";

/** Whose phone it is, and where its network leads. */
export interface Owner {
  number: string;
  origin: string;
  session: string;
  csrf: string;
}

/** What the phone was told, in its order: the evidence that a judge compares with the server's log. */
type Note =
  | { what: "snapshot"; topic: string; seq: number }
  | { what: "event"; topic: string; seq: number; type: string }
  | { what: "reached"; topic: string; seq: number }
  | { what: "renewed"; topic: string; seq: number | null }
  | { what: "revoked"; topic: string }
  | { what: "begun-anew" | "wiped" };

/** What a browser keeps, as long as this run of the page lives: a phone that has lost its power writes nothing more. */
class Battery implements Store {
  isAlive = true;

  constructor(readonly kept: MemoryStore) {}

  read(prefix: string): Promise<Map<string, unknown>> {
    return this.kept.read(prefix);
  }

  async write(changes: ReadonlyMap<string, unknown>): Promise<void> {
    if (this.isAlive) await this.kept.write(changes);
  }

  async change(name: string, edit: (held: unknown) => unknown): Promise<unknown> {
    return this.isAlive ? this.kept.change(name, edit) : undefined;
  }
}

/** One run of the volunteer's page without its screen, from its start until the phone loses power. */
class Run {
  readonly state: VolunteerState;
  readonly client: Client;

  static async begin(phone: Phone, kept: MemoryStore): Promise<Run> {
    const battery = new Battery(kept);
    return new Run(phone, battery, await Shelf.open(battery, phone.owner.number));
  }

  private constructor(
    phone: Phone,
    readonly battery: Battery,
    shelf: Shelf,
  ) {
    const rest = new Rest(phone.owner.origin, () => phone.headers);
    const screen = {
      connection: () => undefined,
      calledOff: () => undefined,
      notTaken: () => undefined,
      alarm: ({ id }: { id: string }) => void phone.alarms.push(id),
      renumbered: () => undefined,
    };
    this.state = new VolunteerState(phone.owner.number, shelf, { get: (path) => this.#while(rest.get(path)) }, screen);
    const { cursors, outbox, fixes } = this.state;
    this.client = this.state.connect(
      (listener) =>
        new Client(
          {
            link: { url: `${phone.owner.origin.replace("http", "ws")}/ws/v1/`, isOnline: () => phone.isOnline, makeSocket: phone.socket },
            app: { app: "harness", version: "1" },
            cursors,
            outbox,
            fixes,
            doors: {
              catchUp: (reached) => this.#while(rest.catchUp(reached)),
              act: (pending) => this.#while(rest.act(pending)),
              receipt: (frame) => this.#while(rest.receipt(frame)),
            },
          },
          this.#noted(phone, listener),
        ),
    );
    const reach = cursors.reach.bind(cursors);
    cursors.reach = (through, heads) => {
      const before = cursors.all();
      reach(through, heads);
      for (const [topic, seq] of Object.entries(cursors.all()))
        if (seq !== before[topic] && this.battery.isAlive) phone.notes.push({ what: "reached", topic, seq });
    };
    const renew = this.client.renew.bind(this.client);
    this.client.renew = (topic) => {
      if (this.battery.isAlive) phone.notes.push({ what: "renewed", topic, seq: cursors.get(topic) ?? null });
      renew(topic);
    };
  }

  end(): void {
    this.battery.isAlive = false;
    this.client.link.sleep();
  }

  /** What is answered to a page that is gone reaches nobody. */
  async #while<Result>(answer: Promise<Result>): Promise<Result> {
    try {
      return await answer;
    } finally {
      if (!this.battery.isAlive) await new Promise(() => undefined);
    }
  }

  #noted(phone: Phone, listener: Listener): Listener {
    const note = (one: Note) => this.battery.isAlive && phone.notes.push(one);
    return {
      ...listener,
      snapshot: (topic, snapshot, seq) => {
        note({ what: "snapshot", topic, seq });
        listener.snapshot(topic, snapshot, seq);
      },
      event: (event: EventFrame) => {
        note({ what: "event", topic: event.topic, seq: event.seq, type: event.type });
        listener.event(event);
      },
      revoked: (topic) => {
        note({ what: "revoked", topic });
        listener.revoked?.(topic);
      },
      begunAnew: () => {
        note({ what: "begun-anew" });
        listener.begunAnew?.();
      },
      replied: (pending, result) => {
        phone.settle(pending, { result });
        listener.replied?.(pending, result);
      },
      refused: (pending, problem) => {
        phone.settle(pending, { problem });
        listener.refused?.(pending, problem);
      },
    };
  }
}

/** A phone whose owner presses buttons, whose network fails, and whose battery runs out. */
export class Phone {
  readonly notes: Note[] = [];
  readonly alarms: string[] = [];
  readonly acts: { key: string; type: string; body: object; outcome: object | null }[] = [];
  isOnline = true;
  #kept = new MemoryStore();
  #run!: Run;

  private constructor(readonly owner: Owner) {}

  static async of(owner: Owner): Promise<Phone> {
    const phone = new Phone(owner);
    await phone.#start();
    return phone;
  }

  async #start(): Promise<void> {
    this.#run = await Run.begin(this, this.#kept);
    this.#run.client.start();
  }

  get headers(): Record<string, string> {
    const { session, csrf } = this.owner;
    return { Cookie: `sessionid=${session}; csrftoken=${csrf}`, "X-CSRFToken": csrf };
  }

  /** Node's own, as a browser's: it brings the page's cookie and says where the page is from. */
  readonly socket = (url: string, subprotocol: string): WebSocket => {
    const options = { protocols: [subprotocol], headers: { Cookie: this.headers.Cookie, Origin: this.owner.origin } };
    return new WebSocket(url, options as unknown as string[]);
  };

  /** Answer one of those that take an answer now, `pick` of the way through them; returns its task. */
  answer(answer: "accept" | "decline", pick: number): string | null {
    const { open, mine } = lists(this.#run.state.inbox);
    const waiting = new Set(this.#run.state.outbox.all().map((pending) => (pending.body as { task?: string }).task));
    const free = (answer === "accept" ? open : [...open, ...mine]).filter((item) => !waiting.has(item.task.id));
    const item = free[Math.floor(pick * free.length)];
    if (!item) return null;
    this.#asks(() => this.#run.state.answer({ task: item.task.id, answer, ...(answer === "accept" ? { eta_min: 5 } : {}) }));
    return item.task.id;
  }

  duty(on: boolean): void {
    this.#asks(() => this.#run.state.setDuty(on));
  }

  /** Lose the power, or be opened anew; with `wipe` the browser has forgotten everything too. */
  async restart(wipe: boolean): Promise<void> {
    this.#run.end();
    if (wipe) {
      this.#kept = new MemoryStore();
      this.notes.push({ what: "wiped" });
      for (const act of this.acts) act.outcome ??= { forgotten: true };
      this.alarms.length = 0;
    }
    await this.#start();
  }

  /** The system says that there is no network, or that it is back. */
  online(isOnline: boolean): void {
    this.isOnline = isOnline;
    if (isOnline) this.#run.client.link.wake();
    else this.#run.client.link.sleep();
  }

  settle(pending: Pending, outcome: object): void {
    const act = this.acts.find((one) => one.key === pending.key);
    if (act) act.outcome = outcome;
  }

  view(): object {
    const { inbox, cursors, outbox } = this.#run.state;
    const { phase } = this.#run.client;
    const { notes, alarms, acts } = this;
    return { phase, inbox, ...cursors.reached(), waiting: outbox.all().length, notes, alarms, acts };
  }

  #asks(press: () => void): void {
    const before = new Set(this.#run.state.outbox.all().map((pending) => pending.key));
    press();
    const made = this.#run.state.outbox.all().filter((pending) => !before.has(pending.key));
    this.acts.push(...made.map(({ key, type, body }) => ({ key, type, body, outcome: null })));
  }
}
