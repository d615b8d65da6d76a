"""What volunteers do when something happens to an account below, and what they answer it."""

from datetime import datetime

from backend.accounts import hooks
from backend.accounts.acting import Act
from backend.accounts.models import Device, User
from backend.realtime.keys import NOBODY
from backend.volunteers import rules
from backend.volunteers.models import Volunteer
from backend.volunteers.queries import accounts, availability
from backend.volunteers.services.counts import recount_reachable
from backend.volunteers.services.duty import end_duty_without_devices


@hooks.device_signed_in.answered_by("volunteers")
def count_as_reachable(*, device: Device, act: Act) -> None:
    """Count the person as one who can be reached. Locks the counts."""
    recount_reachable(user_id=device.user_id, besides=device.pk, at=act.at)


@hooks.devices_signed_out.answered_by("volunteers")
def end_what_needs_a_device(*, user: User, act: Act) -> None:
    """End the duty with the last device, and count the person no longer as one who can be reached."""
    end_duty_without_devices(user=user, act=act)
    recount_reachable(user_id=user.pk, at=act.at)


@hooks.number_of.answer
def number_of(user: User | None) -> int:
    """Return the volunteer's number."""
    volunteer: Volunteer | None = getattr(user, "volunteer", None)
    return volunteer.number if volunteer else NOBODY


@hooks.inbox_of.answer
def inbox_of(user: User) -> str:
    """Return the volunteer's topic."""
    return user.volunteer.topic


@hooks.still_invites.answer
def still_invites(inviter: User, post: int, invited: User, at: datetime) -> bool:
    """Tell whether the inviter holds the post still, and could invite the person now."""
    if not rules.current_posts(inviter.pk, at).filter(pk=post).exists():
        return False
    return bool(rules.may_invite(inviter, invited.volunteer, at))


@hooks.roles_of.answer
def roles_of(user: User, at: datetime) -> frozenset[str]:
    """Return the roles of the posts that a person holds."""
    return frozenset(rules.current_posts(user.pk, at).values_list("role", flat=True))


hooks.accounts_named.answer(accounts.accounts_named)
hooks.holds_post.answer(rules.holds_post)
hooks.subtree_of.answer(accounts.subtree_of)
hooks.needs_second_factor.answer(rules.needs_second_factor)
hooks.zone_of.answer(availability.zone_of)
