/** The shapes on the wire, as `mobile_api_docs/` describes them, by their short names. All of them are generated. */
import type {
  AnswerCommand,
  AssignmentOut,
  CallOutOut,
  CatchUpOut,
  CellOut,
  DutyOut,
  FixIn,
  Heartbeat,
  Inbox,
  MapCells,
  MapPeople,
  PersonOut,
  PlaceOut,
  ServerFrames,
  TaskOut,
  TopicJoined,
  TopicRevoked,
  UnitOut,
} from "./generated/wire.js";

export type {
  Age,
  AssignmentStatus,
  CallOutIn,
  Category,
  DutyReason,
  EventFrame,
  Joined,
  Me,
  Offer,
  PersonSnapshot,
  PhoneFrames,
  PositionFrame,
  Problem,
  Progress,
  ReceiptFrame,
  Recipient,
  RecipientPage,
  RecipientState,
  ServerFrames,
  Severity,
  TaskDetail,
  TaskIn,
  TaskPage,
  TaskSnapshot,
  TaskStatus,
  UnitCounts,
  UnitProgress,
  UnitReadiness,
  UnitSnapshot,
  Welcome,
} from "./generated/wire.js";
export { CategoryValues } from "./generated/wire.js";

export type Answer = AnswerCommand;
export type Assignment = AssignmentOut;
export type CallOut = CallOutOut;
export type CaughtUp = CatchUpOut;
export type CountsFrame = ServerFrames["task.counts"];
export type Cursors = Heartbeat["heads"];
export type Duty = DutyOut;
export type Fix = FixIn;
export type Gained = TopicJoined;
export type Instant = TaskOut["starts_at"];
export type Lost = TopicRevoked;
export type MapCell = CellOut;
export type MapFrame = MapCells | MapPeople;
export type MapPerson = PersonOut;
export type OfferPage = Inbox;
export type Place = PlaceOut;
export type ServerFrame = ServerFrames[keyof ServerFrames];
export type Task = TaskOut;
export type TopicName = TopicRevoked["topic"];
export type Unit = UnitOut;
