/**
 * Runs the pages' own client for many phones in one process of Node, without a browser: tests/faults plays with it.
 *
 * A line of JSON on stdin is a command, `{"id": 1, "phone": "a", "do": "duty", "on": true}`; each is answered by a line.
 */
import { Phone, type Owner } from "./phone";

declare const process: {
  argv: string[];
  stdin: { setEncoding(name: string): void; on(event: "data" | "end", listener: (text: string) => void): void };
  stdout: { write(text: string): void };
  exit(code: number): never;
};

/** Time-outs and pauses pass faster by this, all of them: the client keeps its own, and a schedule stays short. */
const PACE = Number(process.argv[2] ?? 1);

const timer = globalThis.setTimeout;
globalThis.setTimeout = ((act: () => void, ms = 0, ...given: unknown[]) => timer(act, ms / PACE, ...given)) as typeof setTimeout;

type Command = { id: number; phone: string } & (
  | { do: "add"; owner: Owner }
  | { do: "answer"; answer: "accept" | "decline"; pick: number }
  | { do: "duty"; on: boolean }
  | { do: "restart"; wipe: boolean }
  | { do: "online"; on: boolean }
  | { do: "remove" | "view" }
);

const phones = new Map<string, Phone>();

async function obey(command: Command): Promise<unknown> {
  if (command.do === "add") {
    phones.set(command.phone, await Phone.of(command.owner));
    return null;
  }
  const phone = phones.get(command.phone);
  if (!phone) throw new Error(`no phone ${command.phone}`);
  switch (command.do) {
    case "answer":
      return phone.answer(command.answer, command.pick);
    case "duty":
      return phone.duty(command.on);
    case "restart":
      return phone.restart(command.wipe);
    case "online":
      return phone.online(command.on);
    case "view":
      return phone.view();
    case "remove":
      phone.online(false);
      return phones.delete(command.phone);
  }
}

async function answer(command: Command): Promise<void> {
  const result = (await obey(command)) ?? null;
  process.stdout.write(`${JSON.stringify({ id: command.id, result })}\n`);
}

let rest = "";
/** One command after the other. */
let last: Promise<void> = Promise.resolve();
process.stdin.setEncoding("utf8");
process.stdin.on("data", (text) => {
  const lines = (rest + text).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) {
    const command = JSON.parse(line) as Command;
    last = last.then(() => answer(command));
  }
});
process.stdin.on("end", () => process.exit(0));
