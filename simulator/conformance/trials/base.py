"""What a trial is: a name, what the kit does, what the phone must do then, the rule, and how it is played."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from simulator.conformance.http import BREAK, Answer
from simulator.conformance.leader import Order
from simulator.conformance.scene import Scene, is_answer
from simulator.conformance.sockets import LOST, Socket
from simulator.conformance.trace import Asked, Frame, Seen, Sent
from simulator.conformance.verdict import CheckName, Fault, Wrong

Play = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing that is tried. `rule` is its address below mobile_api_docs/."""

    name: str
    does: str
    must: str
    rule: str
    play: Play


def trial(name: str, *, does: str, must: str, rule: str) -> Callable[[Play], Trial]:
    """Make a trial of how it is played."""
    return lambda play: Trial(name, does, must, rule, play)


def wrong(check: CheckName, text: str, rule: str, evidence: Seen | None = None) -> Wrong:
    """Return what ends a trial that has seen a fault."""
    return Wrong(Fault(check, text, rule, evidence))


def answers(frame: Frame, order: Order) -> bool:
    """Tell whether a frame of the phone answers an order."""
    return is_answer(Sent(socket=0, frame=frame, text=""), order)


def takes_act(scene: Scene, order: Order, code: int = LOST, *, times: int = 1) -> None:
    """Let the answer to an order not get through: the socket closes with a code, over REST the line breaks."""
    taken: list[object] = []

    def up(socket: Socket, frame: Frame) -> list[Frame] | None:
        if not answers(frame, order) or len(taken) >= times:
            return None
        taken.append(frame)
        socket.close(code)
        return []

    def request(asked: Asked) -> Answer | None:
        if not is_answer(asked, order) or len(taken) >= times:
            return None
        taken.append(asked)
        scene.proxy.close_all(code)
        return BREAK

    scene.mischief.up, scene.mischief.request = up, request


def loses_reply(scene: Scene, order: Order, *, times: int = 1) -> None:
    """Let the answer to an order get through, but not what the server says to it."""
    lost: list[object] = []

    def down(socket: Socket, frame: Frame) -> list[Frame] | None:
        asked = socket.asked.get(frame.get("reply") or 0, {})
        if not answers(asked, order) or len(lost) >= times:
            return None
        lost.append(frame)
        socket.close(LOST)
        return []

    def answer(asked: Asked, _: Answer) -> Answer | None:
        if not is_answer(asked, order) or len(lost) >= times:
            return None
        lost.append(asked)
        return BREAK

    scene.mischief.down, scene.mischief.answer = down, answer


async def accepts(scene: Scene, order: Order) -> Seen:
    """Ask the person to accept, and return the first answer that the phone sends. Raises Unseen."""
    since = scene.mark
    await scene.wish("accept", order)
    return await scene.sees(Seen, lambda entry: is_answer(entry, order), "no answer was given", since=since)
