"""Trials of close codes: each one of the table, and what the phone does then."""

from simulator.conformance.checks import is_welcome
from simulator.conformance.http import BREAK
from simulator.conformance.reconnect import LOST, RESTARTING, REVOKED, TOO_MUCH
from simulator.conformance.scene import Complaint, Scene, is_answer
from simulator.conformance.trace import Asked, Seen, Told
from simulator.conformance.trials.base import Trial, accepts, takes_act, trial, wrong

TABLE = "close_codes.md"
STAYS_AWAY_S = 12
"""A phone that would come back has done so by then: after a first loss it waits a second."""
OTHER = 4999
SPREAD_S = 3
STOPPING = {
    4400: "broke the protocol",
    1002: "broke the WebSocket protocol",
    1007: "sent text that was not UTF-8",
    1008: "sent a message in too many parts",
    1009: "sent a frame that was too large",
}
PASSING = {
    TOO_MUCH: "waits 5 to 10 s, then connects",
    RESTARTING: "waits 0.5 to 5.5 s, then connects",
    1001: "connects with backoff: the first time after 0.5 to 1 s",
    LOST: "connects with backoff: the first time after 0.5 to 1 s",
    1011: "connects with backoff: the first time after 0.5 to 1 s",
    OTHER: "connects with backoff: the first time after 0.5 to 1 s",
}


def _passing(code: int, must: str) -> Trial:
    said = "breaks the line without a close frame" if code == LOST else f"closes with {code}"
    does = f"{said}, an unknown code" if code == OTHER else said

    @trial(f"close-{code}", does=does, must=must, rule=TABLE)
    async def play(scene: Scene) -> None:
        _, told = await scene.ordered()
        await scene.receipted(told, scene.since)
        since = scene.mark
        scene.proxy.close_all(code)
        hello = await scene.hello(since)
        if told.topic not in hello.frame.get("cursors", {}):
            raise wrong("cursors-kept", "The phone comes back without its cursors.", "offline.md", hello)
        await scene.comes_back(since)

    return play


def _stopping(code: int, why: str) -> Trial:
    @trial(
        f"close-{code}",
        does=f"closes with {code}, as if the app {why}; later the person starts the app anew",
        must="stops and does not connect by itself",
        rule=TABLE,
    )
    async def play(scene: Scene) -> None:
        await scene.is_in()
        since = scene.mark
        scene.proxy.close_all(code)
        await scene.passes(STAYS_AWAY_S)  # that it stays away is checked at every moment
        await scene.wish("start")
        await scene.sees(Told, is_welcome, "the phone did not connect when it was started anew", since=since)

    return play


@trial(
    "close-1000",
    does="closes with 1000, which nothing but the app itself does; an app that stays away is started anew",
    must="connects with backoff, if it does so by itself",
    rule=TABLE,
)
async def normal(scene: Scene) -> None:
    await scene.is_in()
    since = scene.mark
    scene.proxy.close_all(1000)
    if not await scene.may(Told, is_welcome, since=since, within=STAYS_AWAY_S):
        await scene.wish("start")
        await scene.sees(Told, is_welcome, "the phone did not connect when it was started anew", since=since)


@trial(
    "close-1012-told",
    does=f"says `restarting` with {SPREAD_S} s, closes with 1012, refuses connections for 8 s; an order is sent",
    must=f"waits {SPREAD_S} s, goes on with backoff, and receipts the order when it is in",
    rule=TABLE,
)
async def restart(scene: Scene) -> None:
    socket = await scene.is_in()
    since = scene.mark
    scene.mischief.request = lambda _: BREAK
    socket.tell({"type": "restarting", "retry_after_s": SPREAD_S})
    scene.proxy.close_all(RESTARTING)
    order = await scene.call_out()
    await scene.passes(8)
    scene.fair()
    await scene.comes_back(since)
    told = await scene.is_called(order, since)
    await scene.receipted(told, since)


@trial(
    "close-4404",
    does="closes with 4404: the person's number has changed",
    must="takes a new token, forgets all cursors and connects",
    rule=TABLE,
)
async def renumbered(scene: Scene) -> None:
    await scene.is_in()
    since = scene.mark
    scene.proxy.close_all(4404)
    hello = await scene.hello(since)
    if hello.frame.get("cursors"):
        raise wrong("cursors-forgotten", "After 4404 hello names cursors.", TABLE, hello)
    await scene.comes_back(since)


@trial(
    "close-4403",
    does="closes with 4403 at an answer: this device was signed out; later the person signs in again",
    must="stops, deletes tokens, queues and cursors, and shows the sign-in",
    rule=TABLE,
)
async def signed_out(scene: Scene) -> None:
    order, _ = await scene.ordered()
    takes_act(scene, order, REVOKED)
    await accepts(scene, order)
    since = scene.mark
    await scene.passes(STAYS_AWAY_S)
    scene.fair()
    await scene.wish("sign-in")
    await scene.sees(Asked, _signs_in, "the person did not sign in", since=since)
    hello = await scene.hello(since)
    if hello.frame.get("cursors"):
        raise wrong(
            "deleted", "After 4403 and a new sign-in hello names the cursors of before.", TABLE, hello
        )
    await scene.comes_back(since)
    kept: Complaint = (
        "deleted",
        "After 4403 and a new sign-in an answer of before is sent: queues were not deleted.",
    )
    await scene.never(Seen, lambda entry: is_answer(entry, order), kept, since=since, within=3)


def _signs_in(asked: Asked) -> bool:
    return asked.path == "/api/v1/sign-in"


TRIALS = (
    *(_passing(code, must) for code, must in PASSING.items()),
    restart,
    normal,
    *(_stopping(code, why) for code, why in STOPPING.items()),
    renumbered,
    signed_out,
)
