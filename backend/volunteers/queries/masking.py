"""Who sees what of a person: the one place where phones are masked.

| who looks | the phone |
|---|---|
| oneself | whole |
| leader, deputy or commander of the very unit that the person belongs to | whole |
| everybody else who may see the person | `138****1234` |
| the issuer of a task, of somebody whom the offer has not reached | whole, to call by hand |

Names are for those who may see the person; what is public shows the number alone.
"""

from collections.abc import Iterable
from datetime import datetime

from backend.volunteers.models import MANAGING_ROLES, Membership, User, Volunteer
from backend.volunteers.rules import current_posts


def masked(phone: str) -> str:
    """Return `138****1234`: enough to recognise a number, too little to call it."""
    if len(phone) < 8:
        return "****" if phone else ""
    return f"{phone[:3]}****{phone[-4:]}"


def shown(phone: str, *, whole: bool) -> str:
    """Return a phone whole or masked."""
    return phone if whole else masked(phone)


def is_whole(shown_phone: str) -> bool:
    """Tell whether a phone that was shown can be called."""
    return bool(shown_phone) and "*" not in shown_phone


def masked_id_card(number: str) -> str:
    """Return `330726********1234`: the district and the end."""
    return f"{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}" if len(number) > 10 else "*" * len(number)


def seen_in_full(viewer: User, volunteer_ids: Iterable[int], *, at: datetime) -> set[int]:
    """Return those of the people (keys of volunteers) whose phone the viewer sees whole; two queries."""
    wanted = set(volunteer_ids)
    led = current_posts(viewer.pk, at).filter(role__in=MANAGING_ROLES).values("unit")
    near = Membership.objects.filter(volunteer__in=wanted, unit__in=led).values_list("volunteer", flat=True)
    own = Volunteer.objects.filter(pk__in=wanted, user=viewer).values_list("pk", flat=True)
    return {*near, *own}
