import type { Shelf } from "../protocol/outbox";
import type { Cursors } from "../protocol/wire";
import { emptyInbox, worthKeeping, type Inbox } from "./inbox";

interface Kept {
  inbox: Inbox;
  cursors: Cursors;
  at: string;
}

const nameOf = (number: string) => `muster.${number}.inbox`;

/** Keep the inbox and the cursors in one write: a crash between the two would lose an event or show it twice. */
export function keep(shelf: Shelf, inbox: Inbox, cursors: Cursors, at: Date): void {
  const kept: Kept = { inbox: worthKeeping(inbox), cursors, at: at.toISOString() };
  shelf.setItem(nameOf(inbox.number), JSON.stringify(kept));
}

/** Return what was kept, or a fresh start. */
export function recall(shelf: Shelf, number: string): { inbox: Inbox; cursors: Cursors; at: Date | null } {
  try {
    const kept = JSON.parse(shelf.getItem(nameOf(number)) ?? "null") as Kept | null;
    if (kept) return { inbox: kept.inbox, cursors: kept.cursors, at: new Date(kept.at) };
  } catch {
    // Unreadable: the server's snapshot replaces it.
  }
  return { inbox: emptyInbox(number), cursors: {}, at: null };
}
