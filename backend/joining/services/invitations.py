"""Leaders invite people to sign in by a code on paper."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.accounts.services.invitations import GOOD_FOR, invitation_opens, make_codes
from backend.joining.acts import Acts
from backend.joining.schemas import InvitationMade
from backend.lib.errors import NotAllowed, Refusal, require
from backend.volunteers import rules
from backend.volunteers.grants import Grant
from backend.volunteers.models import Volunteer


class InvitationVoid(Refusal):
    """This invitation has been used, or another was made since: make a new one."""

    slug = "invitation-void"
    text = _("This invitation was used, or another was made since. Make a new one.")


@transaction.atomic
def invite(*, volunteers: Sequence[Volunteer], by: User | None, at: datetime) -> list[InvitationMade]:
    """Make a code for each person; the ones they had are void. Without `by` an operator does it.

    Raises NotFound, or NotAllowed for a caller who may see the person and no more. Locks the accounts.
    """
    grants = {person.user_id: _require_invite(person, by, at) for person in volunteers}
    posts = {user: grant.post.pk if grant.post else None for user, grant in grants.items()}
    codes = make_codes(posts, by=by, at=at)
    with acting(by=by, at=at) as act:
        for person in volunteers:
            named = act.of(by, grant=grants[person.user_id])
            named.record(Acts.INVITATION_MADE, f"volunteer.{person.pk}")
    return [
        InvitationMade(
            number=f"{person.number:08d}",
            name=person.name,
            code=codes[person.user_id],
            expires_at=at + GOOD_FOR,
        )
        for person in volunteers
    ]


def require_good_invitation(*, volunteer: Volunteer, code: str, by: User, at: datetime) -> None:
    """Raise InvitationVoid unless a code still opens, and what `invite` raises to a caller who may not invite."""
    _require_invite(volunteer, by, at)
    require(invitation_opens(volunteer.user, code, at=at), InvitationVoid)


def _require_invite(volunteer: Volunteer, by: User | None, at: datetime) -> Grant:
    require(by is None or rules.may_see_person(by, volunteer, at))
    return require(rules.may_invite(by, volunteer, at), NotAllowed)
