import { effect, signal } from "@preact/signals";
import type { Client, Me, TaskDetail, TaskPage } from "muster-client";
import { t } from "../i18n";
import { announce } from "../lib/announce";
import { get } from "../lib/api";
import type { Boot } from "../lib/boot";
import { connect } from "../lib/connect";
import { byId } from "../lib/page";
import { sharedList } from "../lib/share";
import { startTicking } from "../lib/ticks";
import { mount } from "../parts/mount";
import { Failed } from "../parts/notice";
import { StatusLine } from "../parts/status";
import { TaskList } from "../parts/taskline";
import { CallOutForm } from "./form";
import { CallOutView } from "./formview";
import { keptOrder } from "./send";
import { TaskWatch } from "./watch";
import { WatchView } from "./watchview";

const LIST_MS = 10_000;
const FLASH_MS = 8_000;

/** The leader's page: a form and the tasks beside it; on a phone one at a time. */
export class LeaderPage {
  readonly tasks = signal<TaskDetail[]>([]);
  readonly watch = signal<TaskWatch | null>(null);
  readonly watched = signal("");
  /** What was done last; it goes by itself, for it is no news for long. */
  readonly flash = signal("");
  /** What a phone shows of the two; nothing yet, until it is known whether orders run. */
  readonly view = signal<"list" | "new" | "task" | "">("");
  readonly #boot: Boot;
  readonly #client: Client;
  readonly #status = new StatusLine();

  constructor(boot: Boot) {
    this.#boot = boot;
    this.#client = connect("muster-leader", {
      snapshot: () => undefined,
      event: (event) => event.topic === `task.${this.watched.peek()}` && this.watch.peek()?.readSoon(),
      counts: (frame) => frame.topic === `task.${this.watched.peek()}` && this.watch.peek()?.count(frame.data),
      changed: () => this.#status.show(this.#client),
    });
  }

  async start(): Promise<void> {
    this.#status.show(this.#client);
    this.#client.start();
    startTicking();
    const form = await this.#makeForm().catch((reason: unknown) => mount(<Failed reason={reason} />, byId("app")));
    if (!form) return;
    mount(<LeaderView page={this} form={form} />, byId("app"));
    effect(() => void (this.view.value && (byId("app").dataset.view = this.view.value)));
    window.addEventListener("hashchange", () => this.#route());
    setInterval(() => document.visibilityState === "visible" && void this.#readTasks(), LIST_MS);
    await this.#readTasks();
    if (keptOrder(this.#boot.number)) form.resume();
    this.#route();
  }

  async #makeForm(): Promise<CallOutForm> {
    const me = await get<Me>("/me");
    return new CallOutForm({
      number: this.#boot.number,
      units: me.may_dispatch,
      assets: this.#boot.assets,
      styleUrl: this.#boot.mapStyleUrl,
      sent: (task, offered) => this.#sent(task, offered),
    });
  }

  #sent(task: string, offered: number): void {
    const told = offered > 0 ? t("sent", { n: offered }) : t("sent_nobody");
    announce(told);
    location.hash = `task/${task}`;
    this.#route(); // now: the event of the new address may come later than what follows
    this.flash.value = told;
    setTimeout(() => this.flash.peek() === told && (this.flash.value = ""), FLASH_MS);
    void this.#readTasks();
  }

  async #readTasks(): Promise<void> {
    try {
      const { items } = await get<TaskPage>("/tasks");
      this.tasks.value = sharedList(this.tasks.peek(), items, ({ task }) => task.id);
    } catch {
      // The list stays as it is; the bar shows how old it is.
    }
  }

  #route(): void {
    const [, task = ""] = /^#task\/([0-9a-f-]{36})$/.exec(location.hash) ?? [];
    if (task && task === this.watched.peek()) return;
    if (this.watched.peek()) this.#client.unfollow(`task.${this.watched.peek()}`);
    this.watch.peek()?.stop();
    this.flash.value = "";
    this.watched.value = task;
    this.watch.value = task ? this.#open(task) : null;
    this.view.value = task ? "task" : firstView(location.hash, this.tasks.peek());
    window.scrollTo(0, 0);
  }

  #open(task: string): TaskWatch {
    this.#client.follow(`task.${task}`);
    return new TaskWatch(task, {
      number: this.#boot.number,
      closed: () => (location.hash = "list"),
      calledOff: () => {
        this.flash.value = "";
        void this.#readTasks();
      },
      isTold: () => this.#client.phase === "open",
    });
  }
}

interface ViewProps {
  page: LeaderPage;
}

function LeaderView({ page, form }: ViewProps & { form: CallOutForm }) {
  return (
    <>
      <Tasks page={page} />
      <div class="leader-main">
        <Watched page={page} />
        <CallOutView form={form} isHidden={page.view.value === "" || page.view.value === "task"} />
      </div>
    </>
  );
}

function Tasks({ page: { tasks, watched } }: ViewProps) {
  return (
    <section class="tasks" aria-labelledby="tasks-title">
      <a class="button primary wide" id="new" href="#new">
        {t("new_call_out")}
      </a>
      <h2 id="tasks-title">{t("my_tasks")}</h2>
      {tasks.value.length === 0 ? <p class="hint">{t("no_tasks")}</p> : <TaskList tasks={tasks.value} base="" current={watched.value} />}
    </section>
  );
}

/** The task that is watched; else the way to the list, which on a phone is not beside the form. */
function Watched({ page: { watch, watched, flash, view } }: ViewProps) {
  if (view.value === "") return null;
  if (!watch.value) {
    return (
      <a class="button quiet back" id="to-list" href="#list">
        {t("to_list")}
      </a>
    );
  }
  return (
    <>
      {flash.value && (
        <p id="flash" class="notice good" role="status">
          {flash}
        </p>
      )}
      <WatchView key={watched.value} watch={watch.value} />
    </>
  );
}

/** Without a wish for one of them: the orders that run, or the form when there are none. */
export function firstView(hash: string, tasks: TaskDetail[]): "list" | "new" {
  if (hash === "#list" || hash === "#new") return hash === "#list" ? "list" : "new";
  return tasks.some(({ task }) => task.status === "called") ? "list" : "new";
}
