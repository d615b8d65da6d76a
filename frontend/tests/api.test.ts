import { afterEach, expect, test, vi } from "vitest";
import { post } from "../src/lib/api";

afterEach(() => vi.unstubAllGlobals());

test("a request bears the token that Django asks of a page", async () => {
  const sent = vi.fn(async (_path: string, _options: RequestInit) => Response.json({}));
  vi.stubGlobal("fetch", sent);
  vi.stubGlobal("document", { cookie: "sessionid=x; csrftoken=abc" });
  await post("/catch-up", { cursors: {} });
  expect(sent.mock.calls[0]![1].headers).toMatchObject({ "X-CSRFToken": "abc" });
});
