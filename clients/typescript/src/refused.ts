import type { Problem } from "./wire.js";

/** Raised with what the server answered. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.title);
  }
}
