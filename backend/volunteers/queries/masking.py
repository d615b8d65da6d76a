"""Masking: which viewers see a person's phone whole, and how it is masked for the others.

| viewer | the phone |
|---|---|
| oneself | whole, once the password is some days old (`SEALED_AFTER_DAYS`): until then masked |
| leader, deputy or commander of the very unit that the person belongs to | whole |
| a leader who looks after a unit, of a person who applies to it | whole |
| the issuer of a task, of a volunteer whom its last event has not reached | whole, to call by hand |
| all other viewers who may see the person, on rosters and lists | `138****1234` |

Names are for viewers who may see the person; what is public shows the number alone. Identity cards are shown to
oneself, in the export. Until the password is that old, only the last four characters are shown. Of a card that came by
a merge nothing is shown until the person has named it.
"""

from collections.abc import Iterable
from datetime import datetime

from backend.accounts.models import User
from backend.volunteers.models import Membership, Volunteer
from backend.volunteers.rules import current_posts

SHORTEST = 11
"""Characters of the shortest number that is shown in part: of a shorter one the masked part could be guessed."""


def masked(phone: str) -> str:
    """Return `138****1234`: enough to recognise a number, too little to call it."""
    if len(phone) < SHORTEST:
        return "****" if phone else ""
    return f"{phone[:3]}****{phone[-4:]}"


def shown(phone: str, *, whole: bool) -> str:
    """Return a phone whole or masked."""
    return phone if whole else masked(phone)


def masked_card(card: str, *, tail: int) -> str:
    """Return an identity card with only its last characters, as many as `tail`."""
    return "*" * (len(card) - tail) + card[len(card) - tail :]


def is_whole(shown_phone: str) -> bool:
    """Tell whether a phone that was shown can be called."""
    return bool(shown_phone) and "*" not in shown_phone


def seen_in_full(viewer: User, volunteer_ids: Iterable[int], *, at: datetime) -> set[int]:
    """Return those of the people (keys of volunteers) whose phone the viewer sees whole; two queries."""
    wanted = set(volunteer_ids)
    led = current_posts(viewer.pk, at).managing().values("unit")
    near = Membership.objects.filter(volunteer__in=wanted, unit__in=led).values_list("volunteer", flat=True)
    own = Volunteer.objects.filter(pk__in=wanted, user=viewer).values_list("pk", flat=True)
    return {*near, *own}
