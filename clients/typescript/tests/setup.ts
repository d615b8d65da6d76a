import { vi } from "vitest";
import { Client, type Listener } from "../src/client.js";
import type { Doors } from "../src/doors.js";
import { CursorBook, type Reached } from "../src/cursors.js";
import { FixQueue } from "../src/fixes.js";
import { Outbox, type Pending } from "../src/outbox.js";
import type { Cursors, EventFrame, ReceiptFrame } from "../src/wire.js";
import { Shelf } from "../src/shelf.js";
import { FakeSocket } from "./fakes.js";

export const settle = () => vi.advanceTimersByTimeAsync(0);

/** What a test says that a client missed: no more of it than the test is about. */
export type Told = { epoch: string; topics: Record<string, object> };

export const EPOCH = "0199a5e27c407b3a9d514e1f6a2b8c90";

/** A client whose server and network are played by the test. */
export function setUp(saved: Cursors = {}) {
  const shelf = Shelf.empty();
  const events: EventFrame[] = [];
  const listener = {
    snapshot: vi.fn(),
    event: (event: EventFrame): void => void events.push(event),
    replied: vi.fn(),
    refused: vi.fn(),
    revoked: vi.fn(),
    counts: vi.fn(),
  } satisfies Listener;
  const catchUp = vi.fn(async (_: Reached): Promise<Told> => ({ epoch: EPOCH, topics: {} }));
  const act = vi.fn(async (_: Pending): Promise<unknown> => ({ on: true }));
  const cursors = new CursorBook(saved, EPOCH);
  const outbox = new Outbox(shelf);
  const fixes = new FixQueue(shelf);
  const link = {
    url: "ws://test/ws/v1/",
    random: () => 0,
    isOnline: () => true,
    makeSocket: () => new FakeSocket() as unknown as WebSocket,
  };
  const receipt = vi.fn(async (_: ReceiptFrame): Promise<void> => undefined);
  const doors = { catchUp: catchUp as unknown as Doors["catchUp"], act, receipt };
  const options = { link, app: { app: "test", version: "1" }, cursors, outbox, fixes, doors };
  const client = new Client(options, listener);
  return { client, listener, events, cursors, outbox, fixes, catchUp, act, receipt };
}

/** Open the socket and answer its hello. */
export async function welcome(topics: Record<string, object> = {}, epoch = EPOCH) {
  const socket = FakeSocket.last;
  socket.open();
  const hello = socket.of("hello")[0]!;
  const result = { volunteer: "23456781", epoch, topics, unknown: [], heartbeat_s: 25, position_every_s: 30, server_time: "" };
  socket.tell({ reply: hello.id, result });
  await settle();
  return socket;
}

export const event = (seq: number, topic = "unit.1") => ({ topic, seq, type: "task.called", at: "", data: {} });
