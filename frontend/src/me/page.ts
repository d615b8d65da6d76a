import type { Answer, Client, Duty, Problem, Shelf } from "muster-client";
import { t } from "../i18n";
import { alarm } from "../lib/alarm";
import { rest } from "../lib/api";
import { clock } from "../lib/clock";
import { connect } from "../lib/connect";
import { announce, byId, h, replace } from "../lib/dom";
import { problemText } from "../lib/problems";
import { StatusLine } from "../lib/status";
import { moment } from "../lib/time";
import { CalledOffCards } from "./calledoff";
import { card, notTakenText, type Choice } from "./cards";
import { lists, type Item } from "./inbox";
import { VolunteerState, type Screen } from "./state";
import { Tracker } from "./tracker";

const MINUTE_MS = 60_000;
const SHOWN_ENDED = 20;
/** What a person is told of, and is said to have seen when it was on the screen. */
const SHOWN = ".offer.offered, .offer.withdrawn, .called-off";

/** The volunteer's page: draws what is kept at once, then follows the server. */
export class VolunteerPage {
  readonly #state: VolunteerState;
  readonly #client: Client;
  readonly #tracker: Tracker;
  readonly #status = new StatusLine();
  readonly #choices = new Map<string, Choice>();
  readonly #watched: IntersectionObserver;
  readonly #calledOff = new CalledOffCards((task) => this.#state.read(task));
  #shownEnded = SHOWN_ENDED;
  #drawnPhase = "";

  constructor(number: string, shelf: Shelf) {
    this.#state = new VolunteerState(number, shelf, rest, this.#screen());
    const { cursors, outbox, fixes } = this.#state;
    this.#tracker = new Tracker(fixes, () => this.#positionsChanged());
    this.#watched = new IntersectionObserver((entries) => this.#onScreen(entries), { threshold: 0.5 });
    this.#client = this.#state.connect((listener) => connect("muster-me", listener, { cursors, outbox, fixes }));
  }

  start(): void {
    byId("app").before(this.#calledOff.element);
    this.#draw();
    this.#status.show(this.#client, this.#state.keptAt);
    this.#client.start();
    setInterval(() => this.#draw(), MINUTE_MS); // what has run out moves to the ended ones by itself
    // What came while the page was hidden is seen when it is looked at.
    document.addEventListener("visibilitychange", () => this.#draw());
  }

  #screen(): Screen {
    return {
      draw: () => this.#draw(),
      alarm: ({ title }) => this.#alarm(t("new_task", { title })),
      calledOff: (tasks, isMine) => {
        const text = tasks.map(calledOffText).join(" ");
        if (isMine) this.#alarm(`${t("not_needed")} ${text}`);
        else announce(text);
      },
      notTaken: (id) => {
        const { items, refusals } = this.#state.inbox;
        this.#alarm(notTakenText(items[id]!.task, refusals![id]!));
      },
      connection: () => {
        if (this.#client.welcome) this.#tracker.everyS = this.#client.welcome.position_every_s;
        this.#status.show(this.#client, this.#state.keptAt);
        if (this.#client.phase !== this.#drawnPhase) this.#draw();
      },
      renumbered: () => location.reload(),
    };
  }

  #alarm(text: string): void {
    announce(text);
    alarm();
  }

  // --- acts ---

  #answer(answer: Answer): void {
    this.#choices.delete(answer.task);
    this.#state.answer(answer);
  }

  #positionsChanged(): void {
    this.#client.flushFixes();
    this.#drawDuty();
  }

  #onScreen(entries: IntersectionObserverEntry[]): void {
    if (document.visibilityState !== "visible") return;
    this.#state.saw(
      entries.filter((e) => e.isIntersecting).map((entry) => (entry.target as HTMLElement).dataset.task ?? ""),
    );
  }

  // --- drawing ---

  #draw(): void {
    this.#drawnPhase = this.#client.phase;
    const { open, mine, ended } = lists(this.#state.inbox);
    const empty = open.length + mine.length === 0;
    const { problem } = this.#state;
    this.#calledOff.show(this.#state.inbox.calledOff ?? {});
    replace(
      byId("app"),
      h("div", { id: "duty-slot" }),
      problem ? this.#problem(problem) : h("span", { hidden: true }),
      ...this.#section("inbox_open", open, true),
      ...this.#section("inbox_mine", mine, true),
      ...(empty ? [emptyState()] : []),
      ...this.#section("inbox_ended", ended.slice(0, this.#shownEnded), false),
      ...this.#older(ended.length),
    );
    this.#drawDuty();
    document.title = document.title.replace(/^(\(\d+\) )?/, open.length ? `(${open.length}) ` : "");
    this.#watched.disconnect();
    document.querySelectorAll(SHOWN).forEach((element) => this.#watched.observe(element));
  }

  #problem(problem: Problem): HTMLElement {
    const dismiss = h("button", { id: "dismiss-problem", onclick: () => this.#state.dismiss() }, t("close"));
    return h("div", { class: "notice bad", role: "alert" }, h("p", {}, problemText(problem)), dismiss);
  }

  #section(title: "inbox_open" | "inbox_mine" | "inbox_ended", items: Item[], isLoud: boolean): HTMLElement[] {
    if (items.length === 0) return [];
    return [
      h(
        "section",
        { class: isLoud ? "list" : "list past", "aria-labelledby": title },
        h("h2", { id: title }, t(title), h("span", { class: "count" }, String(items.length))),
        items.map((item) => this.#card(item)),
      ),
    ];
  }

  #older(ended: number): HTMLElement[] {
    const isShort = ended > this.#shownEnded;
    if (!isShort && !this.#state.inbox.next) return [];
    const more = async () => {
      if (!isShort) await this.#state.readOlder();
      this.#shownEnded += SHOWN_ENDED;
      this.#draw();
    };
    return [h("button", { id: "older", class: "wide quiet", onclick: () => void more() }, t("more"))];
  }

  #card(item: Item): HTMLElement {
    const id = item.task.id;
    const waiting = this.#state.outbox.all().filter((p) => p.type === "assignment.answer" && (p.body as Answer).task === id);
    const last = waiting[waiting.length - 1];
    return card(item, {
      choice: this.#choices.get(id) ?? null,
      pending: (last?.body as Answer | undefined) ?? null,
      canTakeBack: last !== undefined && !last.tried,
      refusal: this.#state.inbox.refusals?.[id] ?? null,
      takeBack: () => void this.#state.takeBack(last!.key),
      dismiss: () => this.#state.read(id),
      isOnline: this.#client.phase === "open",
      choose: (choice) => {
        this.#choices.set(id, choice);
        this.#draw();
        document.querySelector<HTMLElement>(`[data-task="${id}"] .choices button`)?.focus();
      },
      answer: (answer) => this.#answer(answer),
    });
  }

  #drawDuty(): void {
    const [waiting] = this.#state.outbox.all().filter((p) => p.type === "duty.set").reverse();
    const { duty, dutyEnded } = this.#state.inbox;
    const isOn = duty.on && (!duty.until || Date.parse(duty.until) > clock.now());
    const wanted = waiting ? (waiting.body as { on: boolean }).on : isOn;
    this.#tracker.turn(isOn && wanted);
    const title = wanted ? (isOn && duty.until ? t("duty_on_until", { time: moment(duty.until) }) : t("duty_on")) : t("duty_off");
    const slot = document.getElementById("duty-slot");
    if (!slot) return;
    replace(
      slot,
      h(
        "section",
        { class: `card duty ${wanted ? "on" : "off"}`, "aria-label": t("duty") },
        h(
          "div",
          {},
          h("p", { class: "duty-title", role: "status" }, title),
          !wanted && dutyEnded ? h("p", { class: "hint warn", id: "duty-ended" }, t(`duty_ended_${dutyEnded}`)) : null,
          h("p", { class: "hint" }, waiting && this.#client.phase !== "open" ? t("duty_pending") : t(dutyHint(wanted, this.#state.inbox.duty))),
          this.#positionHint(wanted),
        ),
        h("button", {
          id: "duty",
          class: "switch",
          role: "switch",
          "aria-checked": String(wanted),
          "aria-label": t("duty"),
          onclick: () => this.#state.setDuty(!wanted),
        }),
      ),
    );
  }

  #positionHint(wanted: boolean): HTMLElement | null {
    if (wanted && this.#state.inbox.duty.on && this.#state.inbox.duty.tracked === false)
      return h("p", { class: "hint warn" }, t("position_not_agreed"), " ", h("a", { href: "/my-data/#consents" }, t("agree_to_position")));
    if (wanted && this.#tracker.state === "denied") return h("p", { class: "hint warn" }, t("position_denied"));
    if (wanted && this.#tracker.state === "unavailable") return h("p", { class: "hint warn" }, t("position_unavailable"));
    const waiting = this.#state.fixes.length;
    if (waiting > 0 && this.#client.phase !== "open") return h("p", { class: "hint" }, t("position_waiting", { n: waiting }));
    return null;
  }
}

function emptyState(): HTMLElement {
  return h("section", { class: "empty" }, h("h2", {}, t("inbox_empty")), h("p", { class: "hint" }, t("inbox_empty_hint")));
}

function calledOffText({ title, reason }: { title: string; reason: string }): string {
  const text = t("called_off_title", { title });
  return reason ? `${text} ${t("reason_given", { reason })}` : text;
}

/** What is said of being located is true: on duty without consent, a person is not. */
export function dutyHint(wanted: boolean, { on, tracked }: Duty): "duty_on_hint" | "duty_on_untracked" | "duty_off_hint" {
  if (!wanted) return "duty_off_hint";
  return on && tracked === true ? "duty_on_hint" : "duty_on_untracked";
}
