"""REST views of waking people, and of how many a unit has to ask."""

from typing import ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.lib.api import answer, parse, parse_query
from backend.lib.clock import now
from backend.lib.errors import require
from backend.readiness import queries
from backend.readiness.models import LeadersWord
from backend.readiness.rules import may_end_word, may_note_word, may_see_waking
from backend.readiness.schemas import (
    LeadersWordIn,
    LeadersWordOut,
    ReadinessFilter,
    UnitReadiness,
    WakingIn,
    WakingOut,
)
from backend.readiness.services.statements import say_waking
from backend.readiness.services.words import end_word, note_word
from backend.realtime.views import View
from backend.volunteers.models import Category, LookedAt
from backend.volunteers.queries import unit_by_number
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.rules import may_oversee
from backend.volunteers.services.access_log import note_access

PERSON = OpenApiParameter("person", str, OpenApiParameter.PATH, description="the volunteer number")


class WakingView(View):
    """For what, and when, one may be woken."""

    by_introduced = ("put",)

    @extend_schema(operation_id="waking", responses=WakingOut, tags=["me"])
    def get(self, request: Request) -> Response:
        """Return what one has said of being woken, and which leaders' words hold."""
        return answer(queries.waking_of(user_of(request).volunteer, at=now()))

    @extend_schema(operation_id="say_waking", request=WakingIn, responses=WakingOut, tags=["me"])
    def put(self, request: Request) -> Response:
        """Say for what, and when, one may be woken off duty, and when not; it replaces all that was said before."""
        return answer(say_waking(wanted=parse(WakingIn, request), by=user_of(request), at=now()))

    def put_again(self, request: Request) -> Response:
        """Return what is said now."""
        return self.get(request)


class PersonWakingView(View):
    """For what, and when, a person may be woken."""

    @extend_schema(operation_id="waking_of_person", parameters=[PERSON], responses=WakingOut, tags=["people"])
    def get(self, request: Request, person: str) -> Response:
        """Return it to the person, and to leaders who look after the person; the person sees that they looked."""
        volunteer, by, at = volunteer_numbered(person), user_of(request), now()
        require(may_see_waking(by, volunteer, at))
        note_access(viewer_user_id=by.pk, volunteer_ids=[volunteer.pk], what=LookedAt.RECORDS, at=at)
        return answer(queries.waking_of(volunteer, at=at))


class LeadersWordsView(View):
    """What leaders note for a person."""

    @extend_schema(
        operation_id="note_leaders_word",
        parameters=[PERSON],
        request=LeadersWordIn,
        responses={201: LeadersWordOut, 200: LeadersWordOut},
        tags=["people"],
    )
    def post(self, request: Request, person: str) -> Response:
        """Note that a person one looks after has agreed by voice to being woken; it holds 90 days at most.

        It never outranks what the person refuses, and puts no person on duty. The person is told, and may end it.
        """
        wanted = parse(LeadersWordIn, request)  # first: what is wrong with it says nothing of the person
        volunteer = volunteer_numbered(person)
        noted = note_word(volunteer=volunteer, wanted=wanted, by=user_of(request), at=now())
        return answer(noted.row, status=noted.status)

    def post_again(self, request: Request, person: str) -> Response:
        """Return the word as it is now."""
        volunteer, wanted = volunteer_numbered(person), parse(LeadersWordIn, request)
        require(may_note_word(user_of(request), volunteer, now()))
        words = LeadersWord.objects.filter(volunteer=volunteer, pk=wanted.id)
        return answer(require(queries.words_out(words))[0])


class LeadersWordView(View):
    """One leader's word."""

    by_introduced = ("delete",)

    @extend_schema(
        operation_id="end_leaders_word", parameters=[PERSON], responses={204: None}, tags=["people"]
    )
    def delete(self, request: Request, person: str, word_id: UUID) -> Response:
        """End a leader's word: the person does at any time, and leaders who look after the person."""
        end_word(volunteer=volunteer_numbered(person), word_id=word_id, by=user_of(request), at=now())
        return answer(None)

    def delete_again(self, request: Request, person: str, word_id: UUID) -> Response:
        """Do nothing: it has ended for good."""
        volunteer = volunteer_numbered(person)
        require(may_end_word(user_of(request), volunteer, now()))
        require(LeadersWord.objects.filter(volunteer=volunteer, pk=word_id).exists())
        return answer(None)


class UnitReadinessView(View):
    """How many people of a unit may be asked."""

    parameters: ClassVar = {"get": ReadinessFilter.model_fields}

    @extend_schema(
        operation_id="unit_readiness",
        parameters=[
            OpenApiParameter("category", str, required=True, enum=Category.values),
            OpenApiParameter(
                "starts_at", OpenApiTypes.DATETIME, description="when the task starts; now by itself"
            ),
        ],
        responses=UnitReadiness,
        tags=["units"],
    )
    def get(self, request: Request, number: str) -> Response:
        """Return how many are on duty, available by plan, and may be woken, before one calls them out."""
        unit, user, at = unit_by_number(number), user_of(request), now()
        require(may_oversee(user, unit, at))
        wanted = parse_query(ReadinessFilter, request)
        found = queries.unit_readiness(unit, wanted.category, starts_at=wanted.starts_at, at=at)
        return answer(found)
