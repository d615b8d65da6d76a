import { MemoryStore, Shelf } from "muster-client";
import { expect, test } from "vitest";
import { forget } from "../src/me/forget";

test("what one person has kept is deleted, and what others of the phone have kept stays", async () => {
  const store = new MemoryStore();
  for (const number of ["23456781", "34567893"]) {
    const shelf = await Shelf.open(store, number);
    shelf.set("inbox", { of: number });
    shelf.set("command.1", { to: "answer" });
    await shelf.settled();
  }

  await forget(store, "23456781");

  expect([...(await store.read("")).keys()].sort()).toEqual(["muster.34567893.command.1", "muster.34567893.inbox"]);
});
