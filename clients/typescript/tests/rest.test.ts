import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Refused } from "../src/refused.js";
import { Rest } from "../src/rest.js";

const sent = vi.fn();
const rest = new Rest("", () => ({ "X-Who": "me" }));

function answers(body: string, status = 200, type = "application/json"): void {
  sent.mockImplementation(async () => new Response(status === 204 ? null : body, { status, headers: { "Content-Type": type } }));
}

beforeEach(() => {
  vi.stubGlobal("fetch", sent);
});
afterEach(() => {
  sent.mockReset();
  vi.unstubAllGlobals();
});

const KEY = "0199a5e2-7c40-7b3a-9d51-4e1f6a2b8c90";
const TASK = "0199a5e2-6b1f-7d02-8a6e-2f9c1d3e4b5a";
const pending = (type: string, body: object) => ({ key: KEY, type, body, madeAt: "" });

test("commands of the outbox go to their doors, with their keys", async () => {
  answers("{}");
  await rest.act(pending("assignment.answer", { task: TASK, answer: "accept", eta_min: 5 }));
  await rest.act(pending("duty.set", { on: true }));
  const requests = sent.mock.calls.map(([path, options]) => [options.method, path, options.body]);
  expect(requests).toEqual([
    ["POST", `/api/v1/tasks/${TASK}/answer`, JSON.stringify({ answer: "accept", eta_min: 5 })],
    ["PUT", "/api/v1/me/duty", JSON.stringify({ on: true })],
  ]);
  for (const [, options] of sent.mock.calls) expect(options.headers["Idempotency-Key"]).toBe(KEY);
});

test("what needs no key has none", async () => {
  answers("{}");
  await rest.post("/catch-up", { cursors: {} });
  expect(sent.mock.calls[0]![1].headers).not.toHaveProperty("Idempotency-Key");
});

test("a problem is a refusal", async () => {
  answers('{"type":"/problems/task-over","title":"Task over","status":409,"detail":""}', 409, "application/problem+json");
  await expect(rest.call("POST", "/x", {})).rejects.toBeInstanceOf(Refused);
});

test.each([
  [200, "text/html"],
  [403, "text/html"],
  [502, "text/plain"],
  [200, "application/captive+json"],
])("a portal's or a proxy's %i in %s is no answer", async (status, type) => {
  answers("<html>Welcome to the hotel</html>", status, type);
  await expect(rest.call("POST", "/x", {})).rejects.toBeInstanceOf(TypeError);
});
