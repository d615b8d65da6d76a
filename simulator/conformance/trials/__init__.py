"""All trials, in the order in which they are played."""

from simulator.conformance.trials import acts, closes, events, lines, tokens
from simulator.conformance.trials.base import Trial

TRIALS: tuple[Trial, ...] = (
    tokens.FIRST,
    *events.TRIALS,
    *acts.TRIALS,
    *lines.TRIALS,
    *tokens.TRIALS,
    *closes.TRIALS,
)
