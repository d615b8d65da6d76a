/** When to connect again after a close: the table of close codes in `mobile_api_docs/close_codes.md`. */

export type Next = { act: "stop"; why: "malformed" | "revoked" } | { act: "sign-in" } | { act: "begin-anew" } | { act: "retry"; afterMs: number };

export const FIRST_DELAY_MS = 1_000;
export const LONGEST_DELAY_MS = 30_000;
const TOO_MUCH_DELAY_MS = 5_000;
const RESTART_SPREAD_MS = 5_000;

/**
 * Return what to do after a close. `attempt` counts the failures since the last good connection, from 0;
 * `random` is in [0, 1). Every delay is spread, so that thousands of phones do not come back in the same instant;
 * a server that restarts spreads them itself and has given each its delay (`givenMs`).
 */
export function afterClose(code: number, attempt: number, random: number, givenMs: number | null = null): Next {
  switch (code) {
    case 4400:
    case 1002:
    case 1007:
    case 1008:
    case 1009:
      return { act: "stop", why: "malformed" };
    case 4403:
      return { act: "stop", why: "revoked" };
    case 4404:
      return { act: "begin-anew" };
    case 4401:
      return { act: "sign-in" };
    case 4290:
      return { act: "retry", afterMs: TOO_MUCH_DELAY_MS * (1 + random) };
    case 1012:
      return { act: "retry", afterMs: givenMs ?? 500 + RESTART_SPREAD_MS * random };
    default:
      return { act: "retry", afterMs: exponential(attempt, random) };
  }
}

/** Return between half and all of 1 s, 2 s, 4 s … 30 s. */
export function exponential(attempt: number, random: number): number {
  const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 16));
  return longest * (0.5 + random / 2);
}
