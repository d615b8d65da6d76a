import type { Problem } from "./wire";

/** Raised with what the server answered. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.title);
  }
}
