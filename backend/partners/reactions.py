"""Answers the hooks of units and volunteers, for partner organisations."""

from backend.accounts.acting import Act
from backend.partners import queries, services
from backend.volunteers import hooks
from backend.volunteers.models import Post

_OF_UNIT = "what a partner shares is its unit's, and no person's"
_NUMBER = "the number of a unit that is retired leads to its successor, and so do the doors to what it shares"
NOT_CONCERNED = {
    "accounts.device_signed_in": _OF_UNIT,
    "accounts.devices_signed_out": _OF_UNIT,
    "volunteers.unit_retiring": _NUMBER,
    "volunteers.unit_retired": _NUMBER,
    "volunteers.membership_ended": _OF_UNIT,
    "volunteers.standing_changed": _OF_UNIT,
    "volunteers.number_changed": _OF_UNIT,
    "volunteers.merging": _OF_UNIT,
    "volunteers.consents_withdrawn": _OF_UNIT,
    "volunteers.erasing": _OF_UNIT,
    "volunteers.erased": _OF_UNIT,
    "volunteers.exporting": _OF_UNIT,
    "volunteers.duty_ended": _OF_UNIT,
}
"""The hooks of the rooms below that are not answered, each with the reason."""


@hooks.post_given.answered_by("partners")
def keep_people_from_now_on(post: Post, *, act: Act) -> None:
    """Have a new partner keep its people to itself from its first leader on."""
    services.begin_with_leader(post, act=act)


hooks.is_partner_kind.answer(queries.is_in_use)
