import { beforeEach, expect, test } from "vitest";
import type { ServerFrames } from "muster-client";
import { showCode, tellOfDevice } from "../src/parts/signin";

const told = (code: string, inMs: number): ServerFrames["sign_in.code"] =>
  ({
    type: "sign_in.code",
    topic: "person.23456781",
    seq: 1,
    data: { code, expires_at: new Date(Date.now() + inMs).toISOString() },
  }) as ServerFrames["sign_in.code"];

beforeEach(() => {
  document.body.innerHTML = '<main id="main"><div id="app"></div></main>';
});

test("a code is shown until it is closed, the last one alone", () => {
  showCode(told("123456", 60_000));
  showCode(told("654321", 60_000));

  const notices = document.querySelectorAll("#sign-in-code");
  expect(notices.length).toBe(1);
  expect(notices[0]?.textContent).toContain("654321");
  expect(notices[0]?.getAttribute("role")).toBe("alert");
  notices[0]?.querySelector("button")?.click();
  expect(document.getElementById("sign-in-code")).toBeNull();
});

test("a code that is no longer good is not shown", () => {
  showCode(told("123456", -1));

  expect(document.getElementById("sign-in-code")).toBeNull();
});

test("a device that a code has signed in is told of with the way to end it", () => {
  const event = {
    type: "device.introduced",
    topic: "person.23456781",
    seq: 2,
    data: { device: "0199a5e2-7c40-7b3a-9d51-4e1f6a2b8c90", name: "old phone", made_by: null, introduced_at: "" },
  } as ServerFrames["device.introduced"];

  tellOfDevice(event);

  const notice = document.getElementById(`introduced-${event.data.device}`);
  expect(notice?.textContent).toContain("old phone");
  expect(notice?.querySelector("a")?.getAttribute("href")).toBe("/devices/");
  notice?.querySelector("button")?.click();
  expect(document.getElementById(notice?.id ?? "")).toBeNull();
});
