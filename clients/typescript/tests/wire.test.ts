import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("no shape on the wire is written by hand: each is another name of a generated one", () => {
  const text = readFileSync(new URL("../src/wire.ts", import.meta.url), "utf8");
  const own = text.match(/^export (?:type \w+|interface|const|enum|class).*$/gm) ?? [];
  expect(own.length).toBeGreaterThan(10);
  expect(own.filter((line) => !/^export type \w+ = [\w.[\]" |]+;$/.test(line))).toEqual([]);
});
