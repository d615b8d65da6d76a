import type { Reached } from "./cursors.js";
import type { Pending } from "./outbox.js";
import type { CaughtUp, ReceiptFrame } from "./wire.js";

/** The REST doors, for a network that lets no socket through; `Rest` has them. */
export interface Doors {
  /** Give what was missed since the cursors. */
  catchUp(reached: Reached): Promise<CaughtUp>;
  /** Do a command, by its key; rejects with Refused, or anything else when no answer came. */
  act(pending: Pending): Promise<unknown>;
  receipt(frame: ReceiptFrame): Promise<void>;
}
