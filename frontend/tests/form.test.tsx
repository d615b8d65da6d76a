import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Client, MapFrame, Task, Unit, UnitCounts } from "muster-client";
import { PlaceList } from "../src/console/places";
import { CallOutForm } from "../src/leader/form";
import { CallOutView } from "../src/leader/formview";
import { draw } from "./draw";

const unit = (number: string, fields: Partial<Unit> = {}): Unit => ({ number, kind: "squadron", level: 4, name: `Unit ${number}`, brand_name: "", parent: null, lon: 119.9, lat: 29.4, ...fields });
const counts = (of: Unit): UnitCounts => ({ unit: of, members: 9, on_duty: 4, unreachable: 0, children: 0 });
const below = ["11", "12", "13", "14", "15"].map((number) => unit(number, { parent: "1" }));
const settle = () => vi.advanceTimersByTimeAsync(0);
const sent = vi.fn();
let form: CallOutForm;
let page: HTMLElement;

const find = <Found extends HTMLElement>(what: string): Found => page.querySelector<Found>(what)!;
const write = (what: string, text: string) => {
  const input = find<HTMLInputElement>(what);
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
};
const press = async (what: string) => {
  find(what).click();
  await settle();
};

beforeEach(async () => {
  vi.useFakeTimers();
  const answer = (path: string) => (path.endsWith("/children") ? below.map(counts) : counts(unit("1")));
  vi.stubGlobal("fetch", async (path: string) => Response.json(answer(path)));
  form = new CallOutForm({ number: "23456781", units: [unit("1"), unit("2", { lon: null, lat: null })], assets: "", styleUrl: "", sent });
  page = draw(<CallOutView form={form} isHidden={false} />);
  await settle();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  document.body.replaceChildren();
});

test("a category brings its title, until the person has written one", async () => {
  await press("#category-patrol");
  expect(find<HTMLInputElement>("#title").value).toBe("Evening patrol");
  await press("#category-rescue");
  expect(find("#category-rescue").getAttribute("aria-pressed")).toBe("true");
  expect(find("#category-patrol").getAttribute("aria-pressed")).toBe("false");
  const ours = find<HTMLInputElement>("#title").value;
  write("#title", "Look for a child");
  await press("#category-care");
  expect([ours === "Evening patrol", find<HTMLInputElement>("#title").value]).toEqual([false, "Look for a child"]);
});

test("a leader chooses whom to ask by the severity", async () => {
  const hint = () => find('[name="severity"][value="urgent"]').closest("fieldset")!.querySelector("[aria-live]")!.textContent;
  expect([form.draft.value.severity, hint()]).toEqual(["normal", "Asks those on duty, and those who planned this time."]);
  await press('[name="severity"][value="urgent"]');
  expect([form.draft.value.severity, hint()]).toEqual(["urgent", "Asks also those off duty who may be woken."]);
});

test("what cannot be a number of people is put right in the field, whatever it was before", async () => {
  const field = find<HTMLInputElement>("#headcount");
  for (const [written, kept] of [["0", "1"], ["-4", "1"], ["2.6", "3"], ["999999", "100000"]] as const) {
    field.value = written;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    await settle();
    expect(field.value).toBe(kept);
  }
  await press(".step:last-of-type");
  expect(form.draft.value.headcount).toBe(100_000);
});

test("what is missing is told and focused, and what was unfolded stays so", async () => {
  const parts = find<HTMLDetailsElement>("#sub-units");
  expect(parts.open).toBe(false);
  parts.open = true;
  await press("#unit-12");
  expect(form.draft.value.units).toEqual(["12"]);
  expect([find<HTMLInputElement>("#unit-1").checked, find<HTMLInputElement>("#unit-12").checked, find<HTMLDetailsElement>("#sub-units").open]).toEqual([false, true, true]);
  await press("#review");
  expect(find("#form-problem").textContent).not.toBe("");
  expect(document.activeElement?.className).toBe("category");
  await press("#category-patrol");
  expect(find("#form-problem").textContent).toBe("");
});

test("a time of day is asked for when it is wanted, and the times are told again", async () => {
  const said = () => find(".times [aria-live=polite]").textContent;
  const before = said();
  expect(find("#time").hidden).toBe(true);
  await press('[name="when"][value="at"]');
  expect(find("#time").hidden).toBe(false);
  expect(find<HTMLInputElement>("#time").value).toMatch(/^\d\d:\d\d$/);
  expect(said()).not.toBe(before);
});

test("another unit that asks keeps category and title, and begins with its own place", async () => {
  await press("#category-patrol");
  const select = find<HTMLSelectElement>("#own-unit");
  select.value = "2";
  select.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
  expect(form.draft.value).toMatchObject({ unit: "2", category: "patrol", units: ["2"] });
  expect(find(".place").textContent).toContain("No place yet.");
});

test("where no map can be drawn the places of units are offered in its stead", async () => {
  await press("#place-on-map");
  await vi.waitFor(() => expect(find(".place-choices .chip")).not.toBeNull());
  expect(find(".place-map")).toBeNull();
  await press(".place-choices .chip:nth-child(3)");
  expect(form.draft.value.place).toMatchObject({ name: "Unit 13", lon: 119.9 });
  expect(find<HTMLInputElement>("#place-name").value).toBe("Unit 13");
});

test("the command centre lists tasks, people and units where it cannot draw them, and asks for what is looked at", async () => {
  const ask = vi.fn(async () => undefined);
  const list = new PlaceList(() => ({ phase: "open", ask }) as unknown as Client);
  const shown = draw(<list.View />);
  await list.start({}, { lon: 119.9, lat: 29.4, level: 2 });
  list.showTasks([{ id: "t", title: "Search", place: { name: "Gate", lon: 119.9, lat: 29.4 } } as Task]);
  list.showUnits([...below, unit("9", { lon: null, lat: null })]);
  list.take({ topic: "map", type: "map.people", full: true, people: { "23456781": { lon: 119.88, lat: 29.45, age: "live", at: "2026-05-01T12:00:00Z", acc_m: 9 } } } as MapFrame);
  await vi.advanceTimersByTimeAsync(1_000);
  const sections = [...shown.querySelectorAll("section section")].map((section) => section.querySelectorAll("li").length);
  expect(sections).toEqual([1, 1, 5]);
  expect(shown.querySelector(".place-list")!.getAttribute("data-people")).toBe("1");
  expect(shown.querySelector("a")!.getAttribute("href")).toBe("geo:29.4,119.9?q=29.4,119.9(Search)");
  list.fly({ lon: 120, lat: 30, level: 4 });
  expect(ask.mock.calls).toHaveLength(2);
});
