"""What the kit says: a line for each trial while it plays, and in the end what the phone did wrong and where."""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.conformance.checks import JWT
from simulator.conformance.trace import Answered, Asked, Closed, Opened, Seen, Sent, Told
from simulator.conformance.trials.base import Trial
from simulator.conformance.verdict import Fault, Verdict

DOCUMENTS = "mobile_api_docs/"
HIDDEN = "…"
SECRETS = {"access", "refresh", "password", "token", "trust_secret", "code"}
HEADERS = ("authorization", "sec-websocket-protocol", "idempotency-key", "content-type")
LONGEST = 600
FAULTS_SHOWN = 3
PASSED, FAILED, NOT_SEEN = 0, 1, 3
TOKEN_PARAMETER = re.compile(r"([?&][^=&]*(?:token|access|bearer)[^=&]*=)[^&]*", re.IGNORECASE)


@dataclass
class Report:
    """Tells the terminal, and keeps all for a file."""

    began: float = field(default_factory=time.monotonic)

    def begins(self, number: int, of: int, trial: Trial) -> None:
        """Say which trial is played."""
        self.say(f"{number:2}/{of} {trial.name}: the kit {trial.does}")

    def ended(self, verdict: Verdict) -> None:
        """Say what became of it."""
        word = verdict.outcome.upper() if verdict.faults else verdict.outcome
        why = f": {verdict.why}" if verdict.outcome == "not seen" else ""
        print(f"    {word}{why} ({verdict.took_s:.1f} s)", flush=True)

    def say(self, text: str) -> None:
        """Print a line of progress."""
        print(f"[{time.monotonic() - self.began:6.1f} s] {text}", flush=True)


def listed(trials: Sequence[Trial]) -> str:
    """Return what every trial is about."""
    return "\n".join(
        f"{trial.name}\n  the kit {trial.does}\n  the phone must: {trial.must}\n  rule: {DOCUMENTS}{trial.rule}"
        for trial in trials
    )


def table(trials: Sequence[Trial]) -> str:
    """Return the same as it stands in the documents."""
    rows = [f"| `{each.name}` | {each.does} | {each.must} | [rule]({each.rule}) |" for each in trials]
    return "\n".join(["| trial | the kit | the phone | |", "|---|---|---|---|", *rows])


def summary(verdicts: Sequence[Verdict], trials: Sequence[Trial]) -> str:
    """Return the report: each trial that did not pass, with what was seen, and the sums."""
    known = {trial.name: trial for trial in trials}
    lines: list[str] = []
    for verdict in verdicts:
        trial = known[verdict.trial]
        if verdict.outcome == "failed":
            lines += [f"\n{trial.name}: FAILED", f"  the kit {trial.does}", f"  the phone must: {trial.must}"]
            for fault in verdict.faults[:FAULTS_SHOWN]:
                lines += _told(fault)
            if len(verdict.faults) > FAULTS_SHOWN:
                lines.append(f"  and {len(verdict.faults) - FAULTS_SHOWN} more")
        elif verdict.outcome == "not seen":
            lines += [f"\n{trial.name}: not seen, {verdict.why}", f"  rule: {DOCUMENTS}{trial.rule}"]
    sums = {word: sum(each.outcome == word for each in verdicts) for word in ("passed", "failed", "not seen")}
    lines.append("\n" + ", ".join(f"{count} {word}" for word, count in sums.items()))
    return "\n".join(lines)


def _told(fault: Fault) -> list[str]:
    lines = [f"  wrong ({fault.check}): {fault.text}"]
    if fault.evidence is not None:
        lines.append(f"    seen: {shown(fault.evidence)}")
    return [*lines, f"    rule: {DOCUMENTS}{fault.rule}"]


def status(verdicts: Sequence[Verdict]) -> int:
    """Return the exit code."""
    outcomes = {verdict.outcome for verdict in verdicts}
    return FAILED if "failed" in outcomes else NOT_SEEN if "not seen" in outcomes else PASSED


def as_json(verdicts: Sequence[Verdict], trials: Sequence[Trial]) -> str:
    """Return all of it for programs."""
    known = {trial.name: trial for trial in trials}
    told = [
        {
            "trial": verdict.trial,
            "outcome": verdict.outcome,
            "why": verdict.why,
            "took_s": round(verdict.took_s, 2),
            "rule": DOCUMENTS + known[verdict.trial].rule,
            "faults": [
                {
                    "check": fault.check,
                    "text": fault.text,
                    "rule": DOCUMENTS + fault.rule,
                    "seen": shown(fault.evidence) if fault.evidence else None,
                }
                for fault in verdict.faults
            ],
        }
        for verdict in verdicts
    ]
    return json.dumps({"trials": told}, ensure_ascii=False, indent=2)


def shown(entry: Seen) -> str:
    """Return a frame or request as people read it, without its secrets."""
    match entry:
        case Asked(method=method, target=target, headers=headers, body=body):
            kept = [f"{name}: {headers[name]}" for name in HEADERS if name in headers]
            said = " ".join([f"{method} {target}", *kept, _compact(body) if body else ""])
        case Answered(asked=asked, status=status, body=body):
            said = f"{asked.method} {asked.target} → {status} {_compact(body)}"
        case Sent(frame=frame, text=text):
            said = _compact(frame) if frame else text
        case Told(frame=frame):
            said = f"told {_compact(frame)}"
        case Opened(asked=asked):
            said = f"opened {asked.target}"
        case Closed(code=code, by=by):
            said = f"closed with {code} by the {by}"
        case _:
            said = str(entry)
    said = TOKEN_PARAMETER.sub(rf"\1{HIDDEN}", JWT.sub(HIDDEN, said)).strip()
    return said if len(said) <= LONGEST else said[:LONGEST] + " …"


def _compact(body: Any) -> str:
    return json.dumps(_without_secrets(body), ensure_ascii=False)


def _without_secrets(body: Any) -> Any:
    if isinstance(body, list):
        return [_without_secrets(item) for item in body]
    if not isinstance(body, dict):
        return body
    return {name: HIDDEN if name in SECRETS else _without_secrets(value) for name, value in body.items()}
