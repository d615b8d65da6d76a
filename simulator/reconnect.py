"""Back-off after a socket has closed: the table of close codes as a client applies it."""

import random

STOP = frozenset({4400, 4403})
"""Malformed: the program is wrong. Revoked: the account or device is. A reconnect would change nothing."""
SIGN_IN = 4401
RENUMBERED = 4404
"""The person has another number: the phone continues with a new token and no cursors."""
TOO_MUCH = 4290
RESTARTING = 1012
LOST = 1006
"""Without a close frame: the network or the process is gone."""

LONGEST_S = 30.0


def pause_after(code: int, attempt: int, dice: random.Random) -> float | None:
    """Return the seconds before connection attempt `attempt` (0: the first), None to stay away."""
    if code in STOP:
        return None
    if code == TOO_MUCH:
        return dice.uniform(3.0, 8.0)
    if code == RESTARTING and attempt == 0:
        return dice.uniform(0.0, 3.0)
    if code in (SIGN_IN, RENUMBERED) and attempt == 0:
        return dice.uniform(0.0, 0.5)
    return float(min(LONGEST_S, 0.4 * 2.0**attempt) * dice.uniform(0.5, 1.5))
