import type { ComponentType } from "preact";
import type { MapFrame, Task, Unit } from "muster-client";
import type { Spot } from "./tree";

/** What shows where people, tasks and units are: the map, or a list where none can be drawn. */
export interface LiveMap {
  readonly View: ComponentType;
  start(options: { assets: string; styleUrl: string }, home: Spot | null): Promise<void>;
  /** Tell the server what is shown; the next frame is a full one. */
  view(): void;
  take(frame: MapFrame): void;
  showTasks(tasks: Task[]): void;
  showUnits(units: Unit[]): void;
  fly(spot: Spot): void;
  /** The panel was hidden and is shown again. */
  resize(): void;
}
