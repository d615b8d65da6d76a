"""Trials of signing in and of tokens that run out."""

from datetime import timedelta
from typing import Any

from backend.lib.clock import now
from simulator.conformance.checks import is_welcome, refresh_token
from simulator.conformance.http import BREAK, Answer
from simulator.conformance.scene import COMES_BACK_S, Complaint, Scene
from simulator.conformance.trace import Answered, Asked, Closed, Seen, Sent, Told
from simulator.conformance.trials.base import accepts, takes_act, trial, wrong

RENEWAL = "connecting.md#renewing-tokens"
SHORT_S = 24
NOT_SIGNED_IN = {"type": "/problems/not-signed-in", "title": "Not signed in", "status": 401}


@trial(
    "sign-in",
    does="waits until the person has signed in",
    must="signs in, opens the socket with the token in a header or a subprotocol, and says hello",
    rule="connecting.md#signing-in",
)
async def sign_in(scene: Scene) -> None:
    await scene.wish("sign-in")
    await scene.sees(Told, is_welcome, "the phone did not sign in and connect")


@trial(
    "close-4401",
    does="closes with 4401 at an answer, and loses the first answer to the renewal",
    must="asks again with the same refresh token, connects at once with the new token, and sends the answer again",
    rule=RENEWAL,
)
async def expired(scene: Scene) -> None:
    order, _ = await scene.ordered()
    takes_act(scene, order, 4401)
    lost: list[Asked] = []

    def loses(asked: Asked, _: Answer) -> Answer | None:
        if not _renews(asked) or lost:
            return None
        lost.append(asked)
        return BREAK

    scene.mischief.answer = loses
    first = await accepts(scene, order)
    since = scene.after(first)
    asked = await scene.must(
        Asked, _renews, ("renewal", "The phone does not renew its token."), since=since, within=COMES_BACK_S
    )
    again = await scene.must(
        Asked,
        _renews,
        ("renewal", "The phone does not ask again for the tokens whose answer was lost."),
        since=scene.after(asked),
        within=COMES_BACK_S,
    )
    if refresh_token(again) != refresh_token(asked):
        raise wrong("renewal", "The phone asks again with another refresh token than before.", RENEWAL, again)
    await scene.comes_back(since)
    await scene.acts_again(first, since)
    await scene.is_done_and_stands(order)


@trial(
    "short-token",
    does=f"closes with 4401 and gives a token that is good for {SHORT_S} s",
    must="renews it in time and brings the new one over the open socket by `session.renew`",
    rule="connecting.md#while-it-is-open",
)
async def short_token(scene: Scene) -> None:
    await scene.is_in()
    short: list[Any] = []

    def shortens(asked: Asked, answer: Answer) -> Answer | None:
        tokens = answer.json
        if not _renews(asked) or answer.status != 200 or short:
            return None
        short.append(tokens["access"])
        over = now() + timedelta(seconds=SHORT_S / scene.pace)
        told = {**tokens, "access_expires_in_s": SHORT_S, "access_expires_at": over.isoformat()}
        return Answer.of_json(200, told)

    scene.mischief.answer = shortens
    since = scene.mark
    scene.proxy.close_all(4401)
    welcome = await scene.comes_back(since)
    since = scene.after(welcome)
    late: Complaint = "renews-late", f"No `session.renew` came while the token was good ({SHORT_S} s)."
    renewal = await scene.must(
        Sent, lambda sent: sent.frame.get("type") == "session.renew", late, since=since, within=SHORT_S
    )
    left = [each for each in scene.proxy.trace.all(Closed, since=since) if each.at < renewal.at]
    if left:
        raise wrong("renews-late", "The socket was left before the token was renewed.", RENEWAL, left[0])
    if (renewal.frame.get("body") or {}).get("token") in short:
        raise wrong("renewal", "`session.renew` brings the token that runs out.", RENEWAL, renewal)


@trial(
    "sign-in-over",
    does="closes with 4401 at an answer and refuses the renewal with 401; later the person signs in again",
    must="asks for the password, keeps the queue for the same person, and sends the answer with the same key",
    rule=RENEWAL,
)
async def sign_in_over(scene: Scene) -> None:
    order, _ = await scene.ordered()
    takes_act(scene, order, 4401)
    breaks = scene.mischief.request
    refused: list[Asked] = []

    def request(asked: Asked) -> Answer | None:
        if not _renews(asked):
            return breaks(asked)
        refused.append(asked)
        return Answer.of_json(401, NOT_SIGNED_IN)

    scene.mischief.request = request
    first = await accepts(scene, order)
    since = scene.after(first)
    await scene.must(
        Seen,
        lambda entry: isinstance(entry, Answered) and _renews(entry.asked) and entry.status == 401,
        ("renewal", "The phone does not renew its token."),
        since=since,
        within=COMES_BACK_S,
    )
    await scene.wish("sign-in")
    await scene.sees(
        Asked, lambda asked: asked.path == "/api/v1/sign-in", "the person did not sign in", since=since
    )
    await scene.acts_again(first, since)
    await scene.is_done_and_stands(order)


def _renews(asked: Asked) -> bool:
    return asked.path == "/api/v1/token/refresh"


FIRST = sign_in
TRIALS = (expired, short_token, sign_in_over)
