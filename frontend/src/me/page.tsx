import { computed, effect, signal, untracked } from "@preact/signals";
import type { Answer, Client, Shelf } from "muster-client";
import { t } from "../i18n";
import { alarm } from "../lib/alarm";
import { announce } from "../lib/announce";
import { rest } from "../lib/api";
import { clock } from "../lib/clock";
import { connect } from "../lib/connect";
import { byId } from "../lib/page";
import { minute, startTicking } from "../lib/ticks";
import { mount } from "../parts/mount";
import { StatusLine } from "../parts/status";
import { notTakenText, type Choice } from "./cards";
import { lists } from "./inbox";
import { AlertView, InboxView } from "./inboxview";
import { VolunteerState, type Screen } from "./state";
import { Tracker } from "./tracker";

const SHOWN_ENDED = 20;

/** The volunteer's page: shows what is kept at once, then follows the server. */
export class VolunteerPage {
  readonly state: VolunteerState;
  readonly tracker: Tracker;
  readonly trackerState = signal<Tracker["state"]>("off");
  readonly fixes = signal(0);
  readonly isOnline = signal(false);
  /** The buttons of these cards have been pressed; what was chosen is still to be said more exactly. */
  readonly choices = signal<ReadonlyMap<string, Choice>>(new Map());
  readonly shownEnded = signal(SHOWN_ENDED);
  readonly lists = computed(() => {
    void minute.value; // what has run out moves to the ended ones by itself
    return lists(this.state.inbox);
  });
  readonly duty = computed(() => this.#duty());
  readonly #client: Client;
  readonly #status = new StatusLine();

  constructor(number: string, shelf: Shelf) {
    this.state = new VolunteerState(number, shelf, rest, this.#screen());
    const { cursors, outbox, fixes } = this.state;
    this.tracker = new Tracker(fixes, () => this.#positionsChanged());
    this.#client = this.state.connect((listener) => connect("muster-me", listener, { cursors, outbox, fixes }));
  }

  start(): void {
    const alerts = document.createElement("div");
    byId("app").before(alerts);
    mount(<AlertView page={this} />, alerts);
    mount(<InboxView page={this} />, byId("app"));
    this.#status.show(this.#client, this.state.keptAt);
    effect(() => this.#showCount(this.lists.value.open.length));
    effect(() => {
      const { isTracked } = this.duty.value;
      untracked(() => this.tracker.turn(isTracked));
    });
    startTicking();
    this.#client.start();
  }

  answer(answer: Answer): void {
    this.choose(answer.task, null);
    this.state.answer(answer);
  }

  choose(task: string, choice: Choice): void {
    this.choices.value = new Map(this.choices.value).set(task, choice);
  }

  async showMore(): Promise<void> {
    if (this.lists.value.ended.length <= this.shownEnded.value) await this.state.readOlder();
    this.shownEnded.value += SHOWN_ENDED;
  }

  /** These tasks have come before the person's eyes. */
  onScreen(entries: IntersectionObserverEntry[]): void {
    if (document.visibilityState !== "visible") return;
    const shown = entries.filter((entry) => entry.isIntersecting);
    this.state.saw(shown.map((entry) => (entry.target as HTMLElement).dataset.task ?? ""));
  }

  #screen(): Screen {
    return {
      alarm: ({ title }) => this.#alarm(t("new_task", { title })),
      calledOff: (tasks, isMine) => {
        const text = tasks.map(calledOffText).join(" ");
        if (isMine) this.#alarm(`${t("not_needed")} ${text}`);
        else announce(text);
      },
      notTaken: (id) => {
        const { items, refusals } = this.state.inbox;
        this.#alarm(notTakenText(items[id]!.task, refusals![id]!));
      },
      connection: () => {
        if (this.#client.welcome) this.tracker.everyS = this.#client.welcome.position_every_s;
        this.#status.show(this.#client, this.state.keptAt);
        this.isOnline.value = this.#client.phase === "open";
        this.fixes.value = this.state.fixes.length;
      },
      renumbered: () => location.reload(),
    };
  }

  #alarm(text: string): void {
    announce(text);
    alarm();
  }

  #positionsChanged(): void {
    this.#client.flushFixes();
    this.trackerState.value = this.tracker.state;
    this.fixes.value = this.state.fixes.length;
  }

  #duty() {
    void minute.value;
    const waiting = this.state.waiting.value.filter(({ type }) => type === "duty.set").pop();
    const { duty, dutyEnded } = this.state.inbox;
    const isOn = duty.on && (!duty.until || Date.parse(duty.until) > clock.now());
    const wanted = waiting ? (waiting.body as { on: boolean }).on : isOn;
    const isWaiting = waiting !== undefined;
    const isKept = isWaiting && this.state.kept.value.has(waiting.key);
    return { duty, ended: dutyEnded, isOn, wanted, isWaiting, isKept, isTracked: isOn && wanted };
  }

  #showCount(open: number): void {
    document.title = document.title.replace(/^(\(\d+\) )?/, open ? `(${open}) ` : "");
  }
}

function calledOffText({ title, reason }: { title: string; reason: string }): string {
  const text = t("called_off_title", { title });
  return reason ? `${text} ${t("reason_given", { reason })}` : text;
}
