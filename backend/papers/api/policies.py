"""REST views of collective policies."""

from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.papers import queries
from backend.papers.schemas import InsuredIn, PolicyIn, PolicyOut, SheetOut
from backend.papers.services import policies
from backend.realtime.views import View


class PoliciesView(View):
    """Collective policies."""

    repeatable: ClassVar = ("post",)

    @extend_schema(
        operation_id="record_policy",
        request=PolicyIn,
        responses={201: PolicyOut, 200: PolicyOut},
        tags=["papers"],
    )
    def post(self, request: Request) -> Response:
        """Note a collective accident insurance of a unit whose people one looks after, or of an occasion of it.

        People are entered on it afterwards. The same id and content again is the same policy (200).
        """
        at = now()
        made = policies.record_policy(wanted=parse(PolicyIn, request), by=user_of(request), at=at)
        return answer(queries.policy_out(made), status=201 if made.recorded_at == at else 200)


class PolicyView(View):
    """One collective policy."""

    @extend_schema(operation_id="policy", responses=PolicyOut, tags=["papers"])
    def get(self, request: Request, policy_id: UUID) -> Response:
        """Return a policy by which one may insure people."""
        return answer(queries.policy_out(queries.policy_for(user_of(request), policy_id, at=now())))


class EndPolicyView(View):
    """The end of a collective policy."""

    repeatable: ClassVar = ("post",)

    @extend_schema(operation_id="end_policy", request=None, responses=PolicyOut, tags=["papers"])
    def post(self, request: Request, policy_id: UUID) -> Response:
        """End a policy that was wrong, or that the insurer has ended."""
        ended = policies.end_policy(policy_id=policy_id, by=user_of(request), at=now())
        return answer(queries.policy_out(ended))


class InsuredView(View):
    """The people of a collective policy."""

    repeatable: ClassVar = ("post",)

    @extend_schema(
        operation_id="insure", request=InsuredIn, responses={201: SheetOut, 200: SheetOut}, tags=["papers"]
    )
    def post(self, request: Request, policy_id: UUID) -> Response:
        """Enter up to 200 people on a policy, all or none; the same id and content again is the same sheet (200).

        A policy with `places` insures so many people: beyond them the refusal is `no-insured-place`.
        """
        body, at = parse(InsuredIn, request), now()
        sheet = policies.insure(policy_id=policy_id, wanted=body, by=user_of(request), at=at)
        return answer(queries.sheet_out(sheet), status=201 if sheet.at == at else 200)
