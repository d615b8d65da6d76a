import type { Cursors, Reached, Shelf } from "muster-client";
import { emptyInbox, worthKeeping, type Inbox } from "./inbox";

interface Kept {
  inbox: Inbox;
  cursors: Cursors;
  /** Older copies lack it: their cursors count for nothing. */
  epoch?: string;
  at: string;
}

const NAME = "inbox";

/** Keep the inbox and the cursors in one write: a crash between the two would lose an event or show it twice. */
export function keep(shelf: Shelf, inbox: Inbox, { epoch, cursors }: Reached, at: Date): void {
  const kept: Kept = { inbox: worthKeeping(inbox), cursors, epoch, at: at.toISOString() };
  shelf.set(NAME, kept);
}

/** Return what was kept, or a fresh start. */
export function recall(shelf: Shelf, number: string): { inbox: Inbox; reached: Reached; at: Date | null } {
  const kept = shelf.get(NAME) as Kept | undefined;
  if (kept?.inbox) {
    const reached = { epoch: kept.epoch ?? "", cursors: kept.cursors };
    return { inbox: kept.inbox, reached, at: new Date(kept.at) };
  }
  return { inbox: emptyInbox(number), reached: { epoch: "", cursors: {} }, at: null };
}
