"""Leaders invite people to sign in by a code on paper."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.services.invitations import GOOD_FOR, invitation_opens, make_codes
from backend.audit.services import record
from backend.lib.errors import NotAllowed, Refusal, require
from backend.volunteers import rules
from backend.volunteers.models import Volunteer
from backend.volunteers.schemas.invitations import InvitationMade


class InvitationVoid(Refusal):
    """This invitation has been used, or another was made since: make a new one."""

    slug = "invitation-void"
    text = _("This invitation was used, or another was made since. Make a new one.")


@transaction.atomic
def invite(*, volunteers: Sequence[Volunteer], by: User | None, at: datetime) -> list[InvitationMade]:
    """Make a code for each person; the ones they had are void. Without `by` an operator does it.

    Raises NotFound, or NotAllowed for a caller who may see the person and no more. Locks the accounts.
    """
    for volunteer in volunteers:
        _require_invite(volunteer, by, at)
    posts = {person.user_id: rules.post_that_invites(by, person, at) if by else None for person in volunteers}
    codes = make_codes({user: post.pk if post else None for user, post in posts.items()}, by=by, at=at)
    for volunteer in volunteers:
        post = posts[volunteer.user_id]
        title = post.title if post else ""
        record("invitation.made", subject=f"volunteer.{volunteer.pk}", by=by, at=at, post=title)
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


def _require_invite(volunteer: Volunteer, by: User | None, at: datetime) -> None:
    if by is not None:
        require(rules.may_see_person(by, volunteer, at))
        require(rules.may_invite(by, volunteer, at), NotAllowed)
