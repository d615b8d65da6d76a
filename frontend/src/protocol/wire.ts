/** The shapes on the wire, as `mobile_api_docs/` describes them. Fields this program does not use may be missing here. */

export type Instant = string;
export type TopicName = string;
export type Cursors = Record<TopicName, number>;

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  errors?: { pointer: string; detail: string }[];
}

export interface Unit {
  number: string;
  kind: string;
  level: number;
  name: string;
  brand_name: string;
  parent: string | null;
  lon: number | null;
  lat: number | null;
}

export interface UnitCounts {
  unit: Unit;
  members: number;
  on_duty: number;
  children: number;
}

export interface Duty {
  on: boolean;
  until: Instant | null;
  /** Whether positions are taken; older copies in the browser's storage lack it. */
  tracked?: boolean;
}

/** Why duty changed; `asked` is the person's own act, `consent` changes what is tracked. */
export type DutyReason = "asked" | "signed_out" | "too_long" | "suspended" | "retired" | "consent";

export interface Me {
  number: string;
  name: string;
  phone: string;
  language: string;
  duty: Duty;
  units: Unit[];
  posts: { unit: Unit; role: string; seat: number }[];
  skills: string[];
  may_dispatch: Unit[];
}

export const CATEGORIES = [
  "rescue",
  "city",
  "culture",
  "care",
  "community",
  "environment",
  "healthcare",
  "psychology",
  "legal",
  "patrol",
] as const;
export type Category = (typeof CATEGORIES)[number];

export interface Place {
  name: string;
  lon: number;
  lat: number;
  datum: "wgs84";
}

export type TaskStatus = "draft" | "called" | "cancelled" | "closed";

export interface Task {
  id: string;
  unit: Unit;
  category: Category;
  title: string;
  instructions: string;
  place: Place;
  starts_at: Instant;
  answer_by: Instant;
  headcount: number;
  accepted: number;
  requirements: string[];
  status: TaskStatus;
  created_at: Instant;
  end_reason: string;
  /** Older copies in the browser's storage lack it. */
  dangerous?: boolean;
  legal_basis?: string;
}

export interface TaskIn {
  id: string;
  unit: string;
  category: Category;
  title: string;
  instructions: string;
  place: Place;
  starts_at: Instant;
  answer_by: Instant;
  headcount: number;
  requirements: string[];
}

export interface Progress {
  headcount: number;
  offered: number;
  delivered: number;
  seen: number;
  accepted: number;
  reserve: number;
  declined: number;
  expired: number;
  withdrawn: number;
  silent: number;
  /** Whom the last event that concerns them has not reached, whatever their part. */
  not_reached: number;
  /** Those of them who have a place, or had one. */
  accepted_not_reached: number;
}

export interface TaskDetail {
  task: Task;
  progress: Progress;
}

export interface CallOut {
  id: string;
  task: string;
  units: Unit[];
  at: Instant;
  offered: number;
}

export type AssignmentStatus = "offered" | "accepted" | "reserve" | "declined" | "expired" | "withdrawn";

export interface Assignment {
  task: string;
  volunteer: string;
  status: AssignmentStatus;
  offered_at: Instant;
  answered_at: Instant | null;
  eta_at: Instant | null;
  reason: string;
}

export interface Offer {
  task: Task;
  assignment: Assignment;
}

export type RecipientState = Exclude<AssignmentStatus, "offered"> | "silent" | "not_reached";

export interface Recipient {
  volunteer: string;
  name: string;
  phone: string;
  unit: string;
  unit_name: string;
  state: RecipientState;
  /** The part before a change that the volunteer did not make. */
  before: "offered" | "accepted" | "reserve" | null;
  /** The last event that concerned the volunteer; `delivered` and `seen` are of it. */
  told: "task.called" | "task.legal_basis_named" | "task.cancelled" | "task.closed" | "assignment.changed";
  told_at: Instant;
  delivered: boolean;
  seen: boolean;
  /** The volunteer has not heard of it, and is to be phoned. */
  not_reached: boolean;
  answered_at: Instant | null;
  eta_at: Instant | null;
  reason: string;
}

export interface Page<Item> {
  items: Item[];
  next: string | null;
}

export interface UnitProgress {
  unit: Unit;
  progress: Progress;
}

export interface Answer {
  task: string;
  answer: "accept" | "decline";
  eta_min?: number;
  reason?: string;
  risk_acknowledged?: boolean;
}

export interface Fix {
  at: Instant;
  lon: number;
  lat: number;
  datum: "wgs84";
  acc_m: number;
  battery?: number;
}

// --- frames ---

/** How far a phone has got in each topic, in which epoch of the log: in another one the numbers mean something else. */
export interface Reached {
  epoch: string;
  cursors: Cursors;
}

/** What was missed, as the REST door tells it. */
export interface CaughtUp {
  epoch: string;
  topics: Record<TopicName, Joined>;
}

export interface Joined {
  head: number;
  recovered: boolean;
  snapshot?: unknown;
  events?: EventFrame[];
}

export interface Welcome {
  volunteer: string;
  epoch: string;
  topics: Record<TopicName, Joined>;
  unknown: TopicName[];
  heartbeat_s: number;
  position_every_s: number;
  server_time: Instant;
}

/** `data` stays unknown until the reader has looked at `type`. */
export interface EventFrame {
  topic: TopicName;
  seq: number;
  type: string;
  at: Instant;
  data: unknown;
}

/** How a task stands, whenever receipts or answers have changed it: not in the log, in place of what was told before. */
export interface CountsFrame {
  topic: TopicName;
  type: "task.counts";
  data: Progress;
}

export interface MapCell {
  n: number;
  live: number;
  lon: number;
  lat: number;
}

export type Age = "live" | "stale" | "expired";

export interface MapPerson {
  lon: number;
  lat: number;
  age: Age;
  at: Instant;
  acc_m: number | null;
}

export type MapFrame =
  | { topic: "map"; type: "map.cells"; full: boolean; cells: Record<string, MapCell | null> }
  | { topic: "map"; type: "map.people"; full: boolean; people: Record<string, MapPerson | null> };

/** The server has joined us to a topic that we may see now. */
export interface Gained {
  type: "topic.joined";
  topic: TopicName;
  head: number;
  snapshot: unknown;
}

/** A topic may be seen no longer. */
export interface Lost {
  type: "topic.revoked";
  topic: TopicName;
}

export type ServerFrame =
  | { reply: number | null; result?: unknown; problem?: Problem }
  | (EventFrame & { reply?: undefined })
  | CountsFrame
  | { type: "heartbeat"; heads: Cursors; through: Cursors; server_time: Instant }
  | { type: "caught_up"; topics: Cursors }
  | { type: "stored"; positions: number; refused?: number; every_s?: number }
  | { type: "pong"; server_time: Instant }
  | { type: "restarting"; retry_after_s: number }
  | Gained
  | Lost;
