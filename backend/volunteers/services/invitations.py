"""Leaders invite people to sign in by a code on paper."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.audit.services import record
from backend.lib.errors import CredentialsWrong, NotAllowed, Refusal, require
from backend.realtime import keys
from backend.realtime.log import Announcement, publish_all
from backend.volunteers import codes, rules
from backend.volunteers.events import InvitationAccepted
from backend.volunteers.models import Invitation, SignedOutBy, User, Volunteer
from backend.volunteers.passwords import require_good_password
from backend.volunteers.schemas.invitations import InvitationMade
from backend.volunteers.schemas.sign_in import DeviceIn, SignedIn
from backend.volunteers.services.devices import revoke_others, sign_in_once, signed_in_before
from backend.volunteers.services.locks import accounts_to_lock, lock_devices
from backend.volunteers.services.once import given_once
from backend.volunteers.services.passwords import set_password
from backend.volunteers.services.second_factors import end_challenges, forget_second_factor

GOOD_FOR = timedelta(days=30)
AT_ONCE = 200


@transaction.atomic
def invite(*, volunteers: Sequence[Volunteer], by: User | None, at: datetime) -> list[InvitationMade]:
    """Make a code for each person; the ones they had are void. Without `by` an operator does it.

    Raises NotFound, or NotAllowed where somebody may see the person and no more. Locks the accounts.
    """
    for volunteer in volunteers:
        _require_invite(volunteer, by, at)
    users = [volunteer.user_id for volunteer in volunteers]
    list(accounts_to_lock().filter(pk__in=users).order_by("pk"))
    Invitation.objects.filter(user__in=users, used_at=None, replaced_at=None).update(replaced_at=at)
    return [_invitation(volunteer, by, at) for volunteer in volunteers]


class InvitationVoid(Refusal):
    """This invitation has been used, or another was made since: make a new one."""


def require_good_invitation(*, volunteer: Volunteer, code: str, by: User, at: datetime) -> None:
    """Raise InvitationVoid unless a code still opens, and what `invite` raises to whoever may not invite the person."""
    _require_invite(volunteer, by, at)
    require(invitation_opens(volunteer.user, code, at=at), InvitationVoid)


def _require_invite(volunteer: Volunteer, by: User | None, at: datetime) -> None:
    if by is not None:
        require(rules.may_see_person(by, volunteer, at))
        require(rules.may_invite(by, volunteer, at), NotAllowed)


def _invitation(volunteer: Volunteer, by: User | None, at: datetime) -> InvitationMade:
    code = codes.printed_code()
    post = rules.post_that_invites(by, volunteer, at) if by else None
    Invitation.objects.create(
        user_id=volunteer.user_id,
        code_key=codes.key_of(code, "invitation"),
        made_by=by,
        by_post=post,
        made_at=at,
        expires_at=at + GOOD_FOR,
    )
    title = post.title if post else ""
    record("invitation.made", subject=f"volunteer.{volunteer.pk}", by=by, at=at, post=title)
    return InvitationMade(
        number=f"{volunteer.number:08d}", name=volunteer.name, code=code, expires_at=at + GOOD_FOR
    )


def invitation_opens(user: User | None, code: str, *, at: datetime) -> bool:
    """Tell whether this is the person's invitation, still good, and one that its maker could still make.

    Where there is no such person the database is asked as well, so that the time does not tell.
    """
    invitation = (
        Invitation.objects.select_related("made_by", "by_post", "user__volunteer")
        .filter(
            user=user.pk if user else 0,
            user__is_active=True,
            code_key=codes.key_of(code, "invitation"),
            used_at=None,
            replaced_at=None,
            expires_at__gt=at,
        )
        .first()
    )
    return invitation is not None and _still_invites(invitation, at)


def _still_invites(invitation: Invitation, at: datetime) -> bool:
    """Tell whether the inviter could invite the person now, and holds the post by which it was done; operators do.

    Otherwise a slip would open an account to a leader who has lost every right over its person.
    """
    inviter, post = invitation.made_by, invitation.by_post
    if inviter is None:
        return True
    if post is None or not inviter.is_active or not rules.current_posts(inviter.pk, at).contains(post):
        return False
    return rules.may_invite(inviter, invitation.user.volunteer, at)


@transaction.atomic
def accept_invitation(*, user: User, code: str, password: str, at: datetime) -> User:
    """Spend an invitation, which has been checked, for a password; returns the account as it is now.

    Whoever holds the slip is the person: what was set up before (devices, second factor, sign-ins that wait) ends, and
    the devices are told. What is sealed of the person stays masked for some days, for others have seen the slip.
    Locks the user: of two who show the code at once one gets in. Then what ending devices locks, before the topics.
    Raises CredentialsWrong, or Invalid with the rules that the password breaks.
    """
    lock_devices([user.pk])
    Volunteer.objects.select_for_update().get(user=user)
    user = User.objects.select_related("volunteer").get(pk=user.pk)  # as it is under the lock
    if not invitation_opens(user, code, at=at):
        raise CredentialsWrong
    open_one = user.invitations.select_related("made_by__volunteer").get(used_at=None, replaced_at=None)
    require_good_password(user, password, field="password")
    made_by = open_one.made_by.volunteer if open_one.made_by else None
    open_one.used_at = at
    open_one.save(update_fields=["used_at"])
    set_password(user, password, at=at)
    record("invitation.accepted", subject=f"user.{user.pk}", by=user, at=at)
    end_challenges(user, at)
    # Before the devices end: their sockets close with the commit, and are to hear why.
    accepted = InvitationAccepted(made_by=f"{made_by.number:08d}" if made_by else None)
    publish_all([Announcement(user.volunteer.topic, accepted)], at=at)
    revoke_others(user=user, keep=None, by=user, at=at, reason=SignedOutBy.INVITATION)
    forget_second_factor(user=user, by=user, at=at, reason="signed in by an invitation")
    return user


@transaction.atomic
def sign_in_by_invitation(
    *, user: User, code: str, password: str, device: DeviceIn, at: datetime
) -> SignedIn:
    """Accept an invitation and sign a device in. Raises what `accept_invitation` raises, or DeviceTaken.

    The same device again, for minutes, gets tokens of the same sign-in: the password has been checked.
    """
    once = _once(user, code, device.id)
    accounts_to_lock().get(pk=user.pk)
    if again := signed_in_before(once, at=at):
        return again
    account = accept_invitation(user=user, code=code, password=password, at=at)
    return sign_in_once(user=account, device=device, once=once, at=at)[0]


def has_accepted(user: User | None, code: str, device_id: UUID, *, at: datetime) -> bool:
    """Tell whether this device has accepted this invitation minutes ago, and is signed in by it."""
    return signed_in_before(_once(user, code, device_id), at=at) is not None


def _once(user: User | None, code: str, device_id: UUID) -> keys.Asked:
    volunteer = getattr(user, "volunteer", None)
    number = volunteer.number if volunteer else keys.NOBODY
    return given_once(number, "invitation", device_id, codes.plain(code))
