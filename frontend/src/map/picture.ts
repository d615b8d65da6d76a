import type { MapCell, MapFrame, MapPerson } from "muster-client";

/** What the live map shows now: a full frame replaces, a delta changes. */
export class Picture {
  readonly cells = new Map<string, MapCell>();
  readonly people = new Map<string, MapPerson>();

  take(frame: MapFrame): void {
    if (frame.type === "map.cells") {
      this.people.clear();
      merge(this.cells, frame.cells, frame.full);
    } else {
      this.cells.clear();
      merge(this.people, frame.people, frame.full);
    }
  }

  count(): { n: number; live: number } {
    let [n, live] = [this.people.size, 0];
    for (const person of this.people.values()) live += person.age === "live" ? 1 : 0;
    for (const cell of this.cells.values()) {
      n += cell.n;
      live += cell.live;
    }
    return { n, live };
  }
}

function merge<Value>(into: Map<string, Value>, changes: Record<string, Value | null>, isFull: boolean): void {
  if (isFull) into.clear();
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) into.delete(key);
    else into.set(key, value);
  }
}
