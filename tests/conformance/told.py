"""What a failing test says of a verdict."""

from simulator.conformance.report import shown
from simulator.conformance.verdict import Verdict


def told(verdict: Verdict) -> str:
    """Return a verdict in words."""
    faults = [
        f"{fault.check}: {fault.text} {shown(fault.evidence) if fault.evidence else ''}"
        for fault in verdict.faults
    ]
    return "\n".join([f"{verdict.trial}: {verdict.outcome} {verdict.why}", *faults])
