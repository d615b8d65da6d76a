// What the oldest browsers lack, and why it may be used all the same.

/** Asked for before it is used, or meant for newer ones alone. */
export const ASKED_FOR = ["BroadcastChannel", "navigator.storage()", "AudioContext", "VideoFrame"];

/** Chrome 87 gets these from src/map/oldest.ts. */
export const BY_THE_MAP = ["Object.hasOwn", "Array.prototype.at"];

/** Of styles, what looks plainer where it is missing, and nothing is lost. */
export const HARMLESS = {
  "css-appearance": "fields look like the system's",
  "css-clip-path": "marks of the legend are squares",
  "css-focus-visible": "the browser's own ring is shown",
  "css-gradients": "a hard edge",
  "css-has": "the chosen task has no bar",
  "css-masks": "named because of clip-path",
  "css-matches-pseudo": "the build writes :-webkit-any() beside it",
  "css-not-sel-list": "the build writes :-webkit-any() beside it",
  "css-overflow": "only `clip` is missing, which is not used",
  "css-resize": "a field keeps its size",
  "css-scroll-behavior": "it jumps",
  "css-sticky": "inside tables alone",
  "css-subgrid": "asked for before it is used; fields of a line end at the same height",
  "css-touch-action": "a double tap zooms",
  "css3-cursors": "phones have no cursor",
  "css3-cursors-grab": "phones have no cursor",
  "flexbox-gap": "Safari 14.0: things stand closer to each other",
  fullscreen: "of the map library, not used",
  "intrinsic-width": "the prefixed word stands before it",
  multicolumn: "named because of column-gap of a grid",
  "text-size-adjust": "the prefixed word stands before it",
  "viewport-unit-variants": "vh stands before it",
};
