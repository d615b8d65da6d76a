import type { Client, Me, TaskDetail, TaskPage } from "muster-client";
import { t } from "../i18n";
import { get } from "../lib/api";
import type { Boot } from "../lib/boot";
import { connect } from "../lib/connect";
import { announce, byId, h, replace } from "../lib/dom";
import { problemText } from "../lib/problems";
import { StatusLine } from "../lib/status";
import { taskLine } from "../lib/taskline";
import { CallOutForm } from "./form";
import { keptOrder } from "./send";
import { TaskWatch } from "./watch";

const LIST_MS = 10_000;
const FLASH_MS = 8_000;

/** The leader's page: a form and the tasks beside it; on a phone one at a time. */
export class LeaderPage {
  readonly #boot: Boot;
  readonly #client: Client;
  readonly #status = new StatusLine();
  readonly #list = h("section", { class: "tasks", "aria-labelledby": "tasks-title" });
  readonly #main = h("div", { class: "leader-main" });
  #form: CallOutForm | null = null;
  #watch: TaskWatch | null = null;
  #watched = "";
  #tasks: TaskDetail[] = [];
  #flash = "";

  constructor(boot: Boot) {
    this.#boot = boot;
    this.#client = connect("muster-leader", {
      snapshot: () => undefined,
      event: (event) => event.topic === `task.${this.#watched}` && this.#watch?.readSoon(),
      counts: (frame) => frame.topic === `task.${this.#watched}` && this.#watch?.count(frame.data),
      changed: () => this.#status.show(this.#client),
    });
  }

  async start(): Promise<void> {
    this.#status.show(this.#client);
    this.#client.start();
    try {
      const me = await get<Me>("/me");
      this.#form = new CallOutForm({
        number: this.#boot.number,
        units: me.may_dispatch,
        assets: this.#boot.assets,
        styleUrl: this.#boot.mapStyleUrl,
        sent: (task, offered) => this.#sent(task, offered),
      });
    } catch (reason) {
      return this.#failed(reason);
    }
    replace(byId("app"), this.#list, this.#main);
    window.addEventListener("hashchange", () => this.#route());
    setInterval(() => document.visibilityState === "visible" && void this.#readTasks(), LIST_MS);
    await this.#readTasks();
    if (keptOrder(this.#boot.number)) this.#form.resume();
    this.#route();
  }

  #failed(reason: unknown): void {
    const again = h("button", { onclick: () => location.reload() }, t("try_again"));
    replace(byId("app"), h("p", { class: "notice bad", role: "alert" }, problemText(reason)), again);
  }

  #sent(task: string, offered: number): void {
    this.#flash = offered > 0 ? t("sent", { n: offered }) : t("sent_nobody");
    announce(this.#flash);
    location.hash = `task/${task}`;
    void this.#readTasks();
  }

  async #readTasks(): Promise<void> {
    try {
      this.#tasks = (await get<TaskPage>("/tasks")).items;
      this.#drawList();
    } catch {
      // The list stays as it is; the bar shows how old it is.
    }
  }

  #route(): void {
    const [, task] = /^#task\/([0-9a-f-]{36})$/.exec(location.hash) ?? [];
    if (this.#watched && this.#watched !== task) this.#client.unfollow(`task.${this.#watched}`);
    this.#watch?.stop();
    this.#watch = null;
    this.#watched = task ?? "";
    byId("app").dataset.view = task ? "task" : firstView(location.hash, this.#tasks);
    if (task) this.#open(task);
    else replace(this.#main, toList(), this.#form!.element);
    this.#drawList();
    window.scrollTo(0, 0);
  }

  #open(task: string): void {
    const flash = this.#flash ? passing(this.#flash) : null;
    this.#flash = "";
    this.#watch = new TaskWatch(task, {
      closed: () => (location.hash = "list"),
      calledOff: () => {
        flash?.remove();
        void this.#readTasks();
      },
      isTold: () => this.#client.phase === "open",
    });
    this.#client.follow(`task.${task}`);
    replace(this.#main, ...(flash ? [flash] : []), this.#watch.element);
  }

  #drawList(): void {
    replace(
      this.#list,
      h("a", { class: "button primary wide", id: "new", href: "#new" }, t("new_call_out")),
      h("h2", { id: "tasks-title" }, t("my_tasks")),
      this.#tasks.length === 0
        ? h("p", { class: "hint" }, t("no_tasks"))
        : h("ul", { class: "task-list" }, this.#tasks.map((detail) => taskLine(detail, `#task/${detail.task.id}`, this.#watched))),
    );
  }
}

/** On a phone the list is not beside the form. */
function toList(): HTMLElement {
  return h("a", { class: "button quiet back", id: "to-list", href: "#list" }, t("to_list"));
}

/** What was done goes by itself: it is no news for long. */
function passing(text: string): HTMLElement {
  const notice = h("p", { id: "flash", class: "notice good", role: "status" }, text);
  setTimeout(() => notice.remove(), FLASH_MS);
  return notice;
}

/** Without a wish for one of them: the orders that run, or the form when there are none. */
export function firstView(hash: string, tasks: TaskDetail[]): "list" | "new" {
  if (hash === "#list" || hash === "#new") return hash === "#list" ? "list" : "new";
  return tasks.some(({ task }) => task.status === "called") ? "list" : "new";
}
