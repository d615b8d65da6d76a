"""Reads the accounts that a person names to sign in."""

from django.db.models import Value

from backend.accounts.models import User, phone_keys
from backend.volunteers.models import Unit
from backend.volunteers.number_scheme import parse_volunteer_number


def accounts_named(name: str) -> list[User]:
    """Return the accounts with this number, former number or phone, and their volunteers.

    Asks the database the same whether there is such an account or not, so that the time does not tell.
    """
    try:
        number = parse_volunteer_number(name)
    except ValueError:
        number = 0  # no volunteer's
    of = User.objects.order_by()
    named = [
        of.filter(volunteer__number=number, volunteer__merged_into=None),
        of.filter(volunteer__aliases__number=number),
        of.filter(phone_key__in=phone_keys(name or "none")),
    ]
    first, *others = (
        found.annotate(rank=Value(rank)).values_list("rank", "pk") for rank, found in enumerate(named)
    )
    found = list(first.union(*others))
    best = min(found, default=(0, 0))[0]
    keys = [pk for rank, pk in found if rank == best]
    return list(User.objects.select_related("volunteer").filter(pk__in=keys or [0]).order_by("pk"))


def subtree_of(user: User | None, name: str) -> str:
    """Return the number of the unit above the person's primary one; of any unit for a name that no account has.

    Asks the database the same for both. `name` is in hexadecimal.
    """
    units = Unit.objects.order_by("pk")
    own = units.filter(
        memberships__is_primary=True, memberships__volunteer__user=user.pk if user else 0
    ).first()
    place = int(name, 16) % max(units.count(), 1)
    line = next((unit.line for unit in (own, *units[place : place + 1]) if unit), [""])
    return units.filter(path=line[-2:][0]).values_list("number", flat=True).first() or ""
