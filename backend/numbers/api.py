"""REST views of numbers: looking them up, blocks of them, temporary ones, and merging."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.authentication import user_of
from backend.lib.api import answer, parse
from backend.lib.clock import now
from backend.lib.errors import NotAllowed, require
from backend.numbers.queries.blocks import block_with_numbers, blocks_of
from backend.numbers.queries.look_up import look_up
from backend.numbers.schemas import (
    BlockIn,
    BlockOut,
    Blocks,
    BlockWithNumbers,
    NumberOut,
    RegistrationIn,
    WalkInIn,
)
from backend.numbers.services.access_log import note_look_up
from backend.numbers.services.number_blocks import issue_block, register_from_block, return_block
from backend.numbers.services.walk_ins import register_walk_in
from backend.realtime.views import View
from backend.volunteers import rules
from backend.volunteers.queries import unit_by_number
from backend.volunteers.queries.numbers import (
    number_in,
    number_in_body,
    volunteer_by_number,
    volunteer_numbered,
)
from backend.volunteers.schemas.numbers import NumberedPerson
from backend.volunteers.services.life_numbers import give_life_number


class NumberView(View):
    """A volunteer number as people write or say it."""

    @extend_schema(operation_id="look_up_number", responses=NumberOut, tags=["numbers"])
    def get(self, request: Request, text: str) -> Response:
        """Return what became of a number; for a wrong check digit, those one slip away in one's own units."""
        user, at = user_of(request), now()
        found = look_up(text, by=user, at=at)
        note_look_up(found, by=user, at=at)
        return answer(found)


class NumberBlocksView(View):
    """The blocks of numbers of a unit."""

    @extend_schema(operation_id="number_blocks", responses=Blocks, tags=["numbers"])
    def get(self, request: Request, number: str) -> Response:
        """Return the blocks that were handed to a unit, the newest first; at most 100."""
        unit = unit_by_number(number)
        require(rules.may_manage(user_of(request), unit, now()))
        return answer(blocks_of(unit))

    @extend_schema(
        operation_id="issue_number_block", request=BlockIn, responses={201: BlockOut}, tags=["numbers"]
    )
    def post(self, request: Request, number: str) -> Response:
        """Set numbers aside for days when people are registered without a network."""
        unit, body = unit_by_number(number), parse(BlockIn, request)
        block = issue_block(block_id=body.id, unit=unit, size=body.size, by=user_of(request), at=now())
        return answer(BlockOut.of(block), status=201)

    def post_again(self, request: Request, number: str) -> Response:
        """Return the block as it is now."""
        return answer(_block(request, number, parse(BlockIn, request).id))


class NumberBlockView(View):
    """One block of numbers."""

    @extend_schema(operation_id="number_block", responses=BlockWithNumbers, tags=["numbers"])
    def get(self, request: Request, number: str, block_id: UUID) -> Response:
        """Return a block and all its numbers, to be printed or taken along."""
        unit = unit_by_number(number)
        require(rules.may_manage(user_of(request), unit, now()))
        return answer(block_with_numbers(unit, block_id))


class ReturnBlockView(View):
    """Taking a block back."""

    @extend_schema(operation_id="return_number_block", request=None, responses=BlockOut, tags=["numbers"])
    def post(self, request: Request, number: str, block_id: UUID) -> Response:
        """Take a block back: its numbers that no person got are void for ever."""
        unit = unit_by_number(number)
        block = return_block(block_id=block_id, unit=unit, by=user_of(request), at=now())
        return answer(BlockOut.of(block))

    def post_again(self, request: Request, number: str, block_id: UUID) -> Response:
        """Return the block as it is now."""
        return answer(_block(request, number, block_id))


class RegistrationsView(View):
    """People who got a number without a network."""

    @extend_schema(
        operation_id="register_from_block",
        request=RegistrationIn,
        responses={201: NumberedPerson},
        tags=["numbers"],
    )
    def post(self, request: Request, number: str) -> Response:
        """Register a person under a number of a block of the unit, or of one above it."""
        unit, body = unit_by_number(number), parse(RegistrationIn, request)
        person = register_from_block(
            number=number_in_body(body.number, "/number"),
            unit=unit,
            name=body.name,
            phone=body.phone,
            shared_phone=body.shared_phone,
            born_on=body.born_on,
            by=user_of(request),
            at=now(),
        )
        self.made = f"{person.number:08d}"
        return answer(NumberedPerson.of(person), status=201)

    def post_again(self, request: Request, number: str) -> Response:
        """Return who was registered, as they are now."""
        require(rules.may_manage(user_of(request), unit_by_number(number), now()))
        return answer(NumberedPerson.of(volunteer_numbered(self.made_before)))


class WalkInsView(View):
    """People who came to help without a number."""

    @extend_schema(
        operation_id="register_walk_in", request=WalkInIn, responses={201: NumberedPerson}, tags=["numbers"]
    )
    def post(self, request: Request, number: str) -> Response:
        """Register a person on the spot with a temporary number, as a member of the unit."""
        unit, body = unit_by_number(number), parse(WalkInIn, request)
        person = register_walk_in(
            walk_in_id=body.id,
            unit=unit,
            name=body.name,
            phone=body.phone,
            shared_phone=body.shared_phone,
            born_on=body.born_on,
            by=user_of(request),
            at=now(),
        )
        self.made = f"{person.number:08d}"
        return answer(NumberedPerson.of(person), status=201)

    def post_again(self, request: Request, number: str) -> Response:
        """Return who was registered, as they are now: they may have a number for life."""
        require(rules.may_dispatch(user_of(request), unit_by_number(number), now()))
        return answer(NumberedPerson.of(volunteer_numbered(self.made_before)))


class LifeNumberView(View):
    """A number for life."""

    @extend_schema(operation_id="give_life_number", request=None, responses=NumberedPerson, tags=["numbers"])
    def post(self, request: Request, temporary: str) -> Response:
        """Give a person who has a temporary number one for life; the old one leads to them."""
        volunteer = give_life_number(number=number_in(temporary), by=user_of(request), at=now())
        return answer(NumberedPerson.of(volunteer))

    def post_again(self, request: Request, temporary: str) -> Response:
        """Return whose number it is now."""
        volunteer, by, at = volunteer_by_number(number_in(temporary)), user_of(request), now()
        require(rules.may_see_person(by, volunteer, at))
        require(rules.may_manage_person(by, volunteer, at), NotAllowed)
        return answer(NumberedPerson.of(volunteer))


def _block(request: Request, number: str, block_id: UUID) -> BlockOut:
    unit = unit_by_number(number)
    require(rules.may_manage(user_of(request), unit, now()))
    return BlockOut.of(require(unit.number_blocks.select_related("unit").filter(pk=block_id).first()))
