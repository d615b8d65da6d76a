import type { Shelf } from "../protocol/outbox";
import type { Cursors, Reached } from "../protocol/wire";
import { emptyInbox, worthKeeping, type Inbox } from "./inbox";

interface Kept {
  inbox: Inbox;
  cursors: Cursors;
  /** Older copies lack it: their cursors count for nothing. */
  epoch?: string;
  at: string;
}

const nameOf = (number: string) => `muster.${number}.inbox`;

/** Keep the inbox and the cursors in one write: a crash between the two would lose an event or show it twice. */
export function keep(shelf: Shelf, inbox: Inbox, { epoch, cursors }: Reached, at: Date): void {
  const kept: Kept = { inbox: worthKeeping(inbox), cursors, epoch, at: at.toISOString() };
  shelf.setItem(nameOf(inbox.number), JSON.stringify(kept));
}

/** Return what was kept, or a fresh start. */
export function recall(shelf: Shelf, number: string): { inbox: Inbox; reached: Reached; at: Date | null } {
  try {
    const kept = JSON.parse(shelf.getItem(nameOf(number)) ?? "null") as Kept | null;
    if (kept) {
      const reached = { epoch: kept.epoch ?? "", cursors: kept.cursors };
      return { inbox: kept.inbox, reached, at: new Date(kept.at) };
    }
  } catch {
    // Unreadable: the server's snapshot replaces it.
  }
  return { inbox: emptyInbox(number), reached: { epoch: "", cursors: {} }, at: null };
}
