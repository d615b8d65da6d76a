"""Batches of commands: commands of one type that reach this process at about the same time run together.

Thousands of people answer one call-out within seconds. With one transaction each they would queue for one row's lock;
one transaction for hundreds takes the lock once. A command that comes alone does not wait for others.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction

from backend.lib.errors import Refusal, TooMany
from backend.realtime import keys, services
from backend.realtime.frames import CommandFrame
from backend.realtime.models import KeyedAct
from backend.realtime.registry import Call, Command, Principal, registry, users_acting
from backend.realtime.sync import in_thread

logger = logging.getLogger(__name__)

MOST = 500
"""Commands of one batch."""
WAIT_S = 0.05
"""How long a command waits for others after a batch has run."""
MAX_WAITING = 20_000
"""Commands of one type that may wait in one process. A socket has at most one: its next frame is read after it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A received command: its sender and its time."""

    principal: Principal
    frame: CommandFrame
    at: datetime


@dataclass(frozen=True, slots=True)
class _Act:
    """A command that can run; `index` is its position in the batch."""

    index: int
    sent: Sent
    command: Command
    wanted: keys.Asked
    body: Any


# --- in a thread --------------------------------------------------------------------------------------------------


def run_commands(sent: Sequence[Sent]) -> list[Any]:
    """Do commands of one type, each once per key; return the outcome or refusal of each.

    They commit together. A refusal does not affect the other commands. On an unexpected exception the batch is bisected
    until the failing command is isolated; the others commit.
    """
    outcomes: dict[int, Any] = {}
    acts: dict[keys.Place, _Act] = {}
    again: list[int] = []
    for index, one in enumerate(sent):
        try:
            act = _Act(index, one, *services.prepare_command(one.principal, one.frame))
        except Refusal as refusal:
            outcomes[index] = refusal
            continue
        if acts.setdefault(act.wanted.place, act) is not act:
            again.append(index)
    outcomes |= _divided(list(acts.values()))
    outcomes |= {index: _alone(sent[index]) for index in again}  # they find the key of the first
    return [outcomes[index] for index in range(len(sent))]


def _divided(acts: Sequence[_Act]) -> dict[int, Any]:
    """Run a batch in one transaction; if that fails, bisect it."""
    if len(acts) <= 1:
        return {act.index: _alone(act.sent) for act in acts}
    try:
        with transaction.atomic():
            return _together(acts)
    except Exception as error:
        _raise_if_cut_off(error)
        logger.warning("%d commands did not go together: %r", len(acts), error)
    middle = len(acts) // 2
    return _divided(acts[:middle]) | _divided(acts[middle:])


def _together(acts: Sequence[_Act]) -> dict[int, Any]:
    """Do the new commands, and read the present state for the repeated ones; release the keys of refused ones."""
    command = acts[0].command
    assert command.many is not None, "only commands with a batch form come here"
    taken, earlier = keys.claim_all([act.wanted for act in acts], at=acts[0].sent.at)
    outcomes, again = _repeated(acts, earlier)
    fresh = [act for act in acts if act.wanted.place in taken]
    calls = _calls([*fresh, *again])
    for act, result in zip(fresh, command.many(calls[: len(fresh)]) if fresh else [], strict=True):
        outcomes[act.index] = services.outcome_of(result)
    keys.release([taken[act.wanted.place] for act in fresh if isinstance(outcomes[act.index], Refusal)])
    standing = services.read_again(command, calls[len(fresh) :]) if again else []
    return outcomes | {act.index: one for act, one in zip(again, standing, strict=True)}


def _repeated(
    acts: Sequence[_Act], earlier: Mapping[keys.Place, KeyedAct]
) -> tuple[dict[int, Any], list[_Act]]:
    """Return the refusals of keys that did another act, and the acts that repeat what their key did."""
    refused: dict[int, Any] = {}
    again = []
    for act in acts:
        if (row := earlier.get(act.wanted.place)) is None:
            continue
        try:
            act.wanted.require_same(row)
            again.append(act)
        except keys.KeyUsedOtherwise as refusal:
            refused[act.index] = refusal
    return refused, again


def _calls(acts: Sequence[_Act]) -> list[Call]:
    found = users_acting({act.sent.principal.user_id for act in acts})
    return [Call(found[act.sent.principal.user_id], act.body, act.sent.at) for act in acts]


def _alone(sent: Sent) -> Any:
    try:
        return services.run_command(sent.principal, sent.frame, at=sent.at)
    except Exception as error:
        _raise_if_cut_off(error)
        return error


def _raise_if_cut_off(error: Exception) -> None:
    """Raise the error again if the connection is gone: the thread then repeats the whole batch on a new connection."""
    is_of_database = isinstance(error, (OperationalError, InterfaceError))
    if is_of_database and (connection.connection is None or not connection.is_usable()):
        raise error


# --- in the event loop --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Waiting:
    sent: Sent
    since: float
    outcome: "asyncio.Future[services.Outcome]"


@dataclass
class Collector:
    """Collects the commands of one type and runs them in batches, one batch after another.

    While one batch runs the next one collects. It starts when it is full, or when its first command has waited 50 ms.
    """

    _waiting: deque[_Waiting] = field(default_factory=deque)
    _full: asyncio.Event = field(default_factory=asyncio.Event)
    _task: "asyncio.Task[None] | None" = None

    async def run(self, sent: Sent) -> services.Outcome:
        """Return a command's outcome, or raise its refusal."""
        if len(self._waiting) >= MAX_WAITING:
            raise TooMany
        loop = asyncio.get_running_loop()
        waiting = _Waiting(sent, loop.time(), loop.create_future())
        self._waiting.append(waiting)
        if len(self._waiting) >= MOST:
            self._full.set()
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._work())
        return await waiting.outcome

    async def _work(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
            await _run(batch)
            await self._collect()

    async def _collect(self) -> None:
        """Wait until a batch is full, or its first command has waited long enough."""
        if not self._waiting or len(self._waiting) >= MOST:
            return
        self._full = asyncio.Event()
        try:
            async with asyncio.timeout_at(self._waiting[0].since + WAIT_S):
                await self._full.wait()
        except TimeoutError:
            pass


async def _run(batch: Sequence[_Waiting]) -> None:
    try:
        outcomes = await in_thread(run_commands, [waiting.sent for waiting in batch])
    except Exception as error:
        outcomes = [error] * len(batch)
    for waiting, outcome in zip(batch, outcomes, strict=True):
        if waiting.outcome.done():  # its socket has closed
            continue
        if isinstance(outcome, Exception):
            waiting.outcome.set_exception(outcome)
        else:
            waiting.outcome.set_result(outcome)


_collectors: dict[str, Collector] = {}


async def run_command(principal: Principal, frame: CommandFrame, *, at: datetime) -> services.Outcome:
    """Do a command, in a batch if its type has a batch form."""
    command = registry.commands.get(frame.type)
    if command is None or command.many is None:
        return await in_thread(services.run_command, principal, frame, at=at)
    return await _collectors.setdefault(frame.type, Collector()).run(Sent(principal, frame, at))
