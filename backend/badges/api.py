"""REST views of badges and photos."""

from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.badges import queries, services
from backend.badges.badge_card import Card, card_of, card_pdf, card_svg
from backend.badges.models import Paper, SignKind
from backend.badges.schemas import (
    BadgeChecked,
    BadgeIn,
    BadgeKeys,
    BadgeOut,
    BadgeShown,
    PhotoIn,
    RevokeBadgeIn,
    RevokedBadges,
    SignsWanted,
)
from backend.badges.sign_sheet import sign_of, signs_pdf
from backend.lib.api import answer, parse, parse_query
from backend.lib.clock import now
from backend.lib.errors import NotAllowed, require
from backend.realtime.views import View
from backend.volunteers import rules
from backend.volunteers.models import LookedAt, Volunteer
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.queries.units import unit_by_number
from backend.volunteers.services.access_log import note_access

BRIEFLY = f"public, max-age={queries.LIST_KEPT_S}"


class BadgeView(View):
    """The badge of a person."""

    full_sign_in = ("get",)

    @extend_schema(operation_id="badge", responses=BadgeOut, tags=["badges"])
    def get(self, request: Request, person: str) -> Response:
        """Return a person's badge, one's own or that of whom one may see."""
        badge = queries.badge_of(_visible(request, person))
        return answer(queries.badge_out(badge, at=now()))

    @extend_schema(operation_id="issue_badge", request=BadgeIn, responses={201: BadgeOut}, tags=["badges"])
    def post(self, request: Request, person: str) -> Response:
        """Issue a badge to a person one looks after; the one before is revoked."""
        body, at, volunteer = parse(BadgeIn, request), now(), volunteer_numbered(person)
        badge = services.issue_badge(
            id=body.id, volunteer=volunteer, valid_until=body.valid_until, by=user_of(request), at=at
        )
        return answer(queries.badge_out(badge, at=at), status=201)

    def post_again(self, request: Request, person: str) -> Response:
        """Return the badge as it stands now."""
        badge = queries.badge_by_id(parse(BadgeIn, request).id, _cared_for(request, person))
        return answer(queries.badge_out(badge, at=now()))


class RevokeBadgeView(View):
    """The end of a badge."""

    @extend_schema(operation_id="revoke_badge", request=RevokeBadgeIn, responses={204: None}, tags=["badges"])
    def post(self, request: Request, person: str) -> Response:
        """Revoke the badge of a person one looks after; it shows within a minute wherever it is checked."""
        body, volunteer = parse(RevokeBadgeIn, request), volunteer_numbered(person)
        services.revoke_badge(volunteer=volunteer, reason=body.reason, by=user_of(request), at=now())
        return answer(None)

    def post_again(self, request: Request, person: str) -> Response:
        """Leave a badge alone that was issued since."""
        _cared_for(request, person)
        return answer(None)


class BadgeSvgView(View):
    """The card as a picture."""

    full_sign_in = ("get",)

    @extend_schema(
        operation_id="badge_svg",
        responses={(200, "image/svg+xml"): OpenApiTypes.BINARY},
        tags=["badges"],
    )
    def get(self, request: Request, person: str) -> HttpResponse:
        """Return the card as an SVG, in both languages."""
        return _file(card_svg(_card(request, person)), "image/svg+xml")


class BadgePdfView(View):
    """The card to print."""

    full_sign_in = ("get",)

    @extend_schema(
        operation_id="badge_pdf",
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
        tags=["badges"],
    )
    def get(self, request: Request, person: str) -> HttpResponse:
        """Return the card as a PDF of its own size, in both languages."""
        return _file(card_pdf(_card(request, person)), "application/pdf")


class SignsView(View):
    """The signs of a unit to print."""

    parameters: ClassVar = {"get": ("kind", "paper", "copies")}

    @extend_schema(
        operation_id="signs",
        parameters=[
            OpenApiParameter(
                "kind", str, required=True, enum=SignKind.values, description="where it is worn or fixed"
            ),
            OpenApiParameter(
                "paper",
                str,
                enum=Paper.values,
                description="`a4` (default): sheets to cut; `roll`: a page for each",
            ),
            OpenApiParameter("copies", int, description="how many, 1 (default) to 50"),
        ],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
        tags=["badges"],
    )
    def get(self, request: Request, number: str) -> HttpResponse:
        """Return signs of a unit that one looks after as a PDF, in both languages, with its emblem and a QR code."""
        unit = unit_by_number(number)
        require(rules.may_manage(user_of(request), unit, now()))
        wanted = parse_query(SignsWanted, request)
        sign = sign_of(unit, wanted.kind, address=request.build_absolute_uri(f"/units/{unit.number}/"))
        return _file(signs_pdf(sign, wanted.kind, wanted.paper, copies=wanted.copies), "application/pdf")


class CheckBadgeView(View):
    """Whether a badge is good; open to everybody."""

    parameters: ClassVar = {"get": ("badge",)}

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="check_badge",
        parameters=[OpenApiParameter("badge", str, required=True, description="what the QR code says")],
        responses=BadgeChecked,
        tags=["badges"],
        auth=[],
    )
    def get(self, request: Request) -> Response:
        """Return how a scanned badge stands, with the number and never the name."""
        wanted = parse_query(BadgeShown, request)
        response = answer(queries.check_badge(wanted.badge, at=now()))
        response["Cache-Control"] = BRIEFLY
        return response


class BadgeKeysView(View):
    """The public keys; open to everybody."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="badge_keys", responses=BadgeKeys, tags=["badges"], auth=[])
    def get(self, request: Request) -> Response:
        """Return the keys by which badges are checked without a network."""
        response = answer(queries.badge_keys())
        response["Cache-Control"] = "public, max-age=3600"
        return response


class RevokedBadgesView(View):
    """The badges that are good no more; open to everybody."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="revoked_badges", responses=RevokedBadges, tags=["badges"], auth=[])
    def get(self, request: Request) -> Response:
        """Return the signed list for scanners without a network; fetch it once a minute while there is one."""
        response = answer(queries.revoked_badges(at=now()))
        response["Cache-Control"] = BRIEFLY
        return response


class MyPhotoView(View):
    """The picture of oneself."""

    @extend_schema(operation_id="keep_photo", request=PhotoIn, responses={204: None}, tags=["me"])
    def put(self, request: Request) -> Response:
        """Keep a picture of oneself for the badge; at most 512 pixels of it are kept, and no metadata."""
        services.keep_photo(raw=parse(PhotoIn, request).image, by=user_of(request), at=now())
        return answer(None)

    def put_again(self, request: Request) -> Response:
        """Leave the picture as it is now."""
        return answer(None)

    @extend_schema(operation_id="delete_photo", responses={204: None}, tags=["me"])
    def delete(self, request: Request) -> Response:
        """Delete the picture of oneself."""
        services.delete_photo(by=user_of(request), at=now())
        return answer(None)

    def delete_again(self, request: Request) -> Response:
        """Leave the picture as it is now."""
        return answer(None)


class PhotoView(View):
    """The picture of a person."""

    @extend_schema(
        operation_id="photo", responses={(200, "image/jpeg"): OpenApiTypes.BINARY}, tags=["volunteers"]
    )
    def get(self, request: Request, person: str) -> HttpResponse:
        """Return the picture of oneself, or of whom one may see."""
        return _file(queries.photo_of(_visible(request, person)), "image/jpeg")


def _cared_for(request: Request, number: str) -> Volunteer:
    """Return a person, for those who issue their badges. Raises NotFound, NotAllowed."""
    volunteer, user, at = volunteer_numbered(number), user_of(request), now()
    require(rules.may_see_person(user, volunteer, at))
    require(rules.may_look_after(user, volunteer, at), NotAllowed)
    return volunteer


def _visible(request: Request, number: str) -> Volunteer:
    volunteer = volunteer_numbered(number)
    user, at = user_of(request), now()
    require(rules.may_see_person(user, volunteer, at))
    note_access(viewer_user_id=user.pk, volunteer_ids=[volunteer.pk], what=LookedAt.BADGE, at=at)
    return volunteer


def _card(request: Request, number: str) -> Card:
    badge = queries.badge_of(_visible(request, number))
    return card_of(badge, address=request.build_absolute_uri(f"/b/{queries.text_of(badge)}"))


def _file(content: str | bytes, type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=type)
    response["X-Content-Type-Options"] = "nosniff"
    return response
