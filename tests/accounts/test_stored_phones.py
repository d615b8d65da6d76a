"""Phones that were stored under an earlier rule come into the form of today's, once."""

from io import StringIO

from django.core.management import call_command

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.volunteers.number_scheme import format_volunteer_number
from tests.conftest import Formation, MakeVolunteer


def stored(user: User, phone: str) -> User:
    """Store a phone as it is, as an earlier rule did."""
    user.phone = phone
    user.save()
    return user


def told() -> list[str]:
    out = StringIO()
    call_command("normalise_phones", stdout=out)
    return out.getvalue().splitlines()


def test_phones_come_into_their_form_and_those_of_two_people_stay(
    formation: Formation, make_volunteer: MakeVolunteer
) -> None:
    long, double, first, other, unread = (make_volunteer(formation.squadron_a) for _ in range(5))
    stored(long.user, "8613800005001")
    stored(double.user, "+86 138-0000-5002")
    stored(first.user, "13800005003")
    stored(other.user, "8613800005003")
    stored(unread.user, "13800005004/6688/13800005005")

    lines, again = told(), told()

    def number(person: object) -> str:
        return format_volunteer_number(person.number)  # type: ignore[attr-defined]

    assert ", 2 of them changed." in lines[0]
    assert lines[1:] == again[1:]
    assert lines[1].startswith(f"{number(unread)}: ")
    assert lines[2].startswith(f"{number(other)} and {number(first)} ")
    assert ", 0 of them changed." in again[0]
    assert User.objects.get_by_natural_key("13800005001") == long.user
    assert User.objects.get_by_natural_key("138 0000 5002") == double.user
    assert Entry.objects.filter(act="phones.normalised").count() == 1
