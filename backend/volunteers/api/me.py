"""REST views of oneself."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.accounts.services.languages import choose_language
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.realtime.views import View
from backend.volunteers import queries, services
from backend.volunteers.queries.me import own_duty
from backend.volunteers.schemas import DutyIn, DutyOut, LanguageIn, Me


class MeView(View):
    """Oneself."""

    @extend_schema(operation_id="me", responses=Me, tags=["me"])
    def get(self, request: Request) -> Response:
        """Return oneself: number, duty, units, posts, skills, and what one may dispatch."""
        return answer(queries.me_of(user_of(request), at=now()))


class DutyView(View):
    """One's duty."""

    by_introduced = ("put",)

    commands = {"put": "duty.set"}

    def content(self, request: Request, **_: Any) -> DutyIn:
        """Return what the socket's command would say."""
        return parse(DutyIn, request)

    @extend_schema(operation_id="set_duty", request=DutyIn, responses=DutyOut, tags=["me"])
    def put(self, request: Request) -> Response:
        """Go on or off duty."""
        body = parse(DutyIn, request)
        return answer(services.set_duty(on=body.on, until=body.until, by=user_of(request), at=now()))

    def put_again(self, request: Request) -> Response:
        """Return the duty as it is now."""
        return answer(own_duty(user_of(request), at=now()))


class LanguageView(View):
    """One's language."""

    by_introduced = ("put",)

    @extend_schema(operation_id="choose_language", request=LanguageIn, responses=Me, tags=["me"])
    def put(self, request: Request) -> Response:
        """Choose the language of pages and notifications."""
        user, at = user_of(request), now()
        choose_language(language=parse(LanguageIn, request).language, by=user, at=at)
        return answer(queries.me_of(user, at=at))

    def put_again(self, request: Request) -> Response:
        """Return oneself as one is now."""
        return answer(queries.me_of(user_of(request), at=now()))
