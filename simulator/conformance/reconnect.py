"""When a phone may connect again after a close: the table of close_codes.md, as the least that it has to wait."""

import math

STOP = frozenset({4400, 4403, 1002, 1007, 1008, 1009})
"""Codes after which the same program would fail again, or is not wanted any more."""
NEW_TOKEN = frozenset({4401, 4404})
REVOKED, TOO_MUCH, RESTARTING, LOST = 4403, 4290, 1012, 1006
FIRST_S, LONGEST_S = 1.0, 30.0
AFTER_TOO_MUCH_S = 5.0
AFTER_RESTART_S = 0.5


def least_pause(code: int, failures: int, given_s: float | None) -> float:
    """Return the least seconds before the next connection; `failures` counts those since the last reply to hello.

    Never is infinite. `given_s` is what the frame `restarting` has said.
    """
    if code in STOP:
        return math.inf
    if code in NEW_TOKEN:
        return 0.0
    if code == TOO_MUCH:
        return AFTER_TOO_MUCH_S
    if code == RESTARTING:
        return AFTER_RESTART_S if given_s is None else given_s
    return min(LONGEST_S, FIRST_S * 2.0 ** min(failures, 16)) / 2
