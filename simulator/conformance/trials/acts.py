"""Trials of answers: lost, broken off, refused for now, slow, or met by something else than the server."""

from simulator.conformance.http import HOLD, Answer
from simulator.conformance.scene import Complaint, Scene, is_answer
from simulator.conformance.sockets import Socket
from simulator.conformance.trace import Answered, Asked, Closed, Frame, Sent
from simulator.conformance.trials.base import Trial, accepts, answers, loses_reply, takes_act, trial

KEYS = "offline.md#acts-happen-once"
LIMITS = "connecting.md#time-limits"
TIMES = 2
RETRY_AFTER_S = 8
REPLY_S, REST_S = 15, 20
TO_MEET_S = 15
"""So long a portal is there: a phone without a socket goes over REST after ten seconds."""
PAGE = b"<!doctype html><title>Welcome</title><p>Welcome to the hotel. Room number, please?"
HTML = {"content-type": "text/html; charset=utf-8"}
FORBIDDEN = Answer(403, HTML, PAGE)
WELCOME = "/welcome"
PORTALS = {
    "portal-200": Answer(200, HTML, PAGE),
    "portal-302": Answer(302, {**HTML, "location": WELCOME}, PAGE),
    "portal-511": Answer(511, HTML, PAGE),
}


@trial(
    "lost-reply",
    does="passes the answer on to the server, loses the reply and breaks the line, twice",
    must="connects again and sends the same answer with the same key",
    rule=KEYS,
)
async def lost_reply(scene: Scene) -> None:
    order, _ = await scene.ordered()
    loses_reply(scene, order, times=TIMES)
    first = await accepts(scene, order)
    for _ in range(TIMES):
        first = await scene.acts_again(first, since=scene.after(first))
    await scene.is_done_and_stands(order)


@trial(
    "lost-command",
    does="breaks the line before the answer has reached the server",
    must="connects again and sends the same answer with the same key",
    rule=KEYS,
)
async def lost_command(scene: Scene) -> None:
    order, _ = await scene.ordered()
    takes_act(scene, order)
    first = await accepts(scene, order)
    await scene.acts_again(first, since=scene.after(first))
    await scene.is_done_and_stands(order)


@trial(
    "no-socket",
    does="breaks the line at the answer, then lets no socket through, and loses the first answer over REST",
    must="sends the answer with the same key, over REST meanwhile if it can, or over the socket later",
    rule=KEYS,
)
async def no_socket(scene: Scene) -> None:
    order, _ = await scene.ordered()
    takes_act(scene, order)
    loses_reply(scene, order)
    request = scene.mischief.request
    scene.mischief.request = lambda asked: FORBIDDEN if asked.opens else request(asked)
    first = await accepts(scene, order)
    since = scene.mark
    again = await scene.may(Asked, lambda asked: is_answer(asked, order), since=since, within=30)
    # A phone may wait for its socket instead.
    first, since = (again, scene.after(again)) if again else (first, scene.mark)
    scene.mischief.request = request
    await scene.acts_again(first, since)
    await scene.is_done_and_stands(order)


@trial(
    "busy",
    does=f"answers in the server's place that it is busy, and for how long ({RETRY_AFTER_S} s)",
    must="waits that long, then sends the same answer with the same key",
    rule="problems.md#which-ones-end-a-queued-act",
)
async def busy(scene: Scene) -> None:
    order, _ = await scene.ordered()
    problem = {"type": "/problems/busy", "title": "Busy", "status": 503, "retry_after_s": RETRY_AFTER_S}
    told: list[object] = []

    def up(socket: Socket, frame: Frame) -> list[Frame] | None:
        if not answers(frame, order) or told:
            return None
        told.append(frame)
        socket.tell({"reply": frame["id"], "problem": problem})
        return []

    def request(asked: Asked) -> Answer | None:
        if not is_answer(asked, order) or told:
            return None
        told.append(asked)
        headers = {"content-type": "application/problem+json", "retry-after": str(RETRY_AFTER_S)}
        return Answer(503, headers, Answer.of_json(503, problem).body)

    scene.mischief.up, scene.mischief.request = up, request
    first = await accepts(scene, order)
    since = scene.mark
    await scene.never(
        Sent,
        lambda sent: answers(sent.frame, order),
        ("retry-after", f"The answer is sent again before the {RETRY_AFTER_S} s are over."),
        since=since,
        within=RETRY_AFTER_S * 0.9,
    )
    await scene.acts_again(first, since)
    await scene.is_done_and_stands(order)


@trial(
    "slow-reply",
    does="keeps the answer to itself, and lets nothing be said to it; all else passes",
    must=f"drops the connection after {REPLY_S} s ({REST_S} over REST) and sends the answer again with the same key",
    rule=LIMITS,
)
async def slow_reply(scene: Scene) -> None:
    order, _ = await scene.ordered()
    kept: list[object] = []

    def up(_: Socket, frame: Frame) -> list[Frame] | None:
        if not answers(frame, order) or kept:
            return None
        kept.append(frame)
        return []

    def request(asked: Asked) -> Answer | None:
        if not is_answer(asked, order) or kept:
            return None
        kept.append(asked)
        return HOLD

    scene.mischief.up, scene.mischief.request = up, request
    first = await accepts(scene, order)
    since = scene.after(first)
    if isinstance(first, Sent):
        early: Complaint = "impatient", f"The socket is dropped before {REPLY_S} s have passed."
        await scene.never(Closed, _by_phone, early, since=since, within=REPLY_S * 0.9)
        late: Complaint = "time-limit", f"The socket is not dropped although no reply came for {REPLY_S} s."
        await scene.must(Closed, _by_phone, late, since=since, within=REPLY_S * 0.5)
    await scene.acts_again(first, since, within=REST_S + 40)
    await scene.is_done_and_stands(order)


def _portal(name: str, page: Answer) -> Trial:
    @trial(
        name,
        does=f"breaks the line at the answer; then a portal answers everything with {page.status}, sockets too",
        must="keeps the answer, goes on trying with pauses, and sends it with the same key when the portal is gone",
        rule=LIMITS,
    )
    async def play(scene: Scene) -> None:
        order, _ = await scene.ordered()
        takes_act(scene, order)
        breaks = scene.mischief.request
        is_there: list[object] = []

        def request(asked: Asked) -> Answer | None:
            if asked.path == WELCOME:
                return PORTALS["portal-200"]
            return page if is_there else breaks(asked)

        def up(socket: Socket, frame: Frame) -> list[Frame] | None:
            if not answers(frame, order):
                return None
            is_there.append(frame)
            socket.close(1006)
            return []

        scene.mischief.up, scene.mischief.request = up, request
        first = await accepts(scene, order)
        is_there.append(first)
        await scene.sees(Answered, lambda answered: answered.ours, "the phone did not try again", within=40)
        await scene.passes(TO_MEET_S)
        since = scene.mark
        scene.fair()
        await scene.acts_again(first, since)
        await scene.is_done_and_stands(order)

    return play


def _by_phone(closed: Closed) -> bool:
    return closed.by == "phone"


TRIALS = (
    lost_reply,
    lost_command,
    no_socket,
    *(_portal(name, page) for name, page in PORTALS.items()),
    busy,
    slow_reply,
)
