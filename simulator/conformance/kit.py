"""Plays trials one after another with one phone, and gives a verdict on each."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from simulator.conformance.checks import GENERAL, is_welcome
from simulator.conformance.comings import Comings
from simulator.conformance.hands import Hands
from simulator.conformance.leader import Leader
from simulator.conformance.proxy import Proxy
from simulator.conformance.scene import COMES_BACK_S, Scene
from simulator.conformance.trace import Over, Told
from simulator.conformance.trials.base import Trial
from simulator.conformance.verdict import Fault, Outcome, Unseen, Verdict, Wrong
from simulator.rest import Refused, Unreachable

SETTLES_S = 0.5


@dataclass
class Kit:
    """The phone's proxy, the leader and the person's hands, for as many trials as are wanted."""

    proxy: Proxy
    leader: Leader
    hands: Hands
    slack_s: float

    async def play(
        self, trials: Sequence[Trial], before: Callable[[Trial], None], after: Callable[[Verdict], None]
    ) -> list[Verdict]:
        """Play them all; `before` and `after` are told of each."""
        verdicts = []
        for trial in trials:
            before(trial)
            verdict = await self.judge(trial)
            verdicts.append(verdict)
            after(verdict)
        return verdicts

    async def judge(self, trial: Trial) -> Verdict:
        """Play one trial."""
        began = time.monotonic()
        await self._bring_in(trial)
        scene = Scene(self.proxy, self.leader, self.hands, trial.rule, self.slack_s)
        faults: list[Fault] = []
        why = ""
        try:
            await trial.play(scene)
        except Wrong as wrong:
            faults.append(wrong.fault)
        except Unseen as unseen:
            why = str(unseen)
        except (Refused, Unreachable) as failure:
            why = f"the server refused the leader: {failure}"
        scene.fair()
        await scene.passes(SETTLES_S)
        faults += self._found(scene.since)
        self.proxy.trace.add(Over())
        await self._tidy(scene)
        outcome: Outcome = "failed" if faults else "not seen" if why else "passed"
        return Verdict(trial.name, outcome, faults, why, time.monotonic() - began)

    async def _bring_in(self, trial: Trial) -> None:
        """Let a phone that is not connected, after what it did before, be started anew."""
        if trial.name == "sign-in":
            return
        scene = Scene(self.proxy, self.leader, self.hands, trial.rule, self.slack_s)
        with suppress(Unseen, Wrong):
            if not self.proxy.open_sockets:
                await scene.comes_back(scene.since)
        if not self.proxy.open_sockets:
            await scene.wish("start")
            with suppress(Unseen):
                await scene.sees(Told, is_welcome, "", within=COMES_BACK_S)

    def _found(self, since: int) -> list[Fault]:
        """Return what the checks of every moment find in what has happened since a mark."""
        trace = self.proxy.trace.entries
        recent = {id(entry) for entry in trace[since:]}
        return [fault for fault in self._general() if id(fault.evidence) in recent]

    def _general(self) -> Iterator[Fault]:
        trace = self.proxy.trace.entries
        for check in GENERAL:
            yield from check(trace)
        yield from Comings(self.proxy.disguise.pace).judge(trace)

    async def _tidy(self, scene: Scene) -> None:
        """Take the orders of a trial from the screen."""
        for order in scene.orders:
            with suppress(Refused, Unreachable):
                await self.leader.call_off(order)
