"""Leaders let people without a post in by a code that they read out, and end what a lost phone could do."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.accounts.services.sign_in_codes import code_opens, make_sign_in_code, sign_out_everywhere
from backend.joining.acts import Acts
from backend.joining.schemas import SignInCodeMade
from backend.lib.errors import Allowance, NotAllowed, Refusal, TooMany, require
from backend.volunteers import rules
from backend.volunteers.grants import Grant
from backend.volunteers.models import Volunteer

MOST_IN_AN_HOUR = 20
"""Codes for one person: more are made by a program, not read out."""


class SignInCodeVoid(Refusal):
    """This code has been used or is too old, or another was made since: make a new one."""

    slug = "sign-in-code-void"
    text = _("This code was used or is too old, or another was made since. Make a new one.")


@transaction.atomic
def give_sign_in_code(
    *, volunteer: Volunteer, ends_others: bool = False, by: User, at: datetime
) -> SignInCodeMade:
    """Make a code by which the person signs in on one device within minutes; the one before is void.

    `ends_others`: its use signs the person's other devices out, for a phone that was lost. Raises NotFound, NotAllowed
    for a caller who may see the person and no more, HoldsPost, SecondFactorConfirmed, TooMany. Locks the account.
    """
    grant = require_may_let_in(by, volunteer, at)
    post, good_until = require(grant.post, NotAllowed), at + settings.MUSTER.sign_in_code
    with acting(by=by, at=at, grant=grant) as act:
        code = make_sign_in_code(
            volunteer.user, by_post=post.pk, ends_others=ends_others, good_until=good_until, act=act
        )
        _require_spoken_pace(volunteer.user, at)
        act.record(Acts.SIGN_IN_CODE_MADE, f"volunteer.{volunteer.pk}", ends_others=ends_others)
    return SignInCodeMade(
        number=f"{volunteer.number:08d}", name=volunteer.name, code=code, expires_at=good_until
    )


def _require_spoken_pace(user: User, at: datetime) -> None:
    """Raise TooMany when the account, which is locked, has had too many codes within an hour, this one included."""
    hour = timedelta(hours=1)
    if user.sign_in_codes.filter(made_at__gt=at - hour).count() > MOST_IN_AN_HOUR:
        limit = Allowance("sign-in-codes", MOST_IN_AN_HOUR, int(hour.total_seconds()))
        raise TooMany("Too many codes for this person.", retry_after_s=int(hour.total_seconds()), limit=limit)


def require_good_code(*, volunteer: Volunteer, code: str, by: User, at: datetime) -> None:
    """Raise SignInCodeVoid unless a code still opens, and NotFound or NotAllowed to a caller who may not make one."""
    require_may_let_in(by, volunteer, at)
    require(code_opens(volunteer.user, code, at=at), SignInCodeVoid)


@transaction.atomic
def sign_out_person(*, volunteer: Volunteer, by: User, at: datetime) -> None:
    """Sign a person without a post out on all devices; open codes are void, and duty ends. Again changes nothing.

    Raises NotFound, NotAllowed for a caller who may see the person and no more, HoldsPost. Locks account and devices.
    """
    grant = require_may_let_in(by, volunteer, at)
    with acting(by=by, at=at, grant=grant) as act:
        if ended := sign_out_everywhere(volunteer.user, act=act):
            act.record(Acts.DEVICES_SIGNED_OUT, f"volunteer.{volunteer.pk}", count=ended)


def require_may_let_in(by: User, volunteer: Volunteer, at: datetime) -> Grant:
    """Return the grant of a leader who looks after the person in every unit of theirs. Raises NotFound, NotAllowed.

    A leader of one of two units alone could act as the person in the other.
    """
    require(rules.may_see_person(by, volunteer, at))
    grant = require(rules.may_invite(by, volunteer, at), NotAllowed)
    require(rules.may_manage_wholly(by, volunteer, at), NotAllowed)
    return grant
