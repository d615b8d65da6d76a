"""Volunteer numbers: each once, scattered, whoever asks at the same time."""

import pytest

from backend.volunteers import services
from backend.volunteers.models import NumberCounter
from backend.volunteers.number_scheme import SERIALS, parse_volunteer_number
from tests.conftest import Race


def test_numbers_are_valid_and_differ(db: None) -> None:
    numbers = services.issue_numbers(500)

    assert len(set(numbers)) == 500
    assert all(parse_volunteer_number(str(number)) == number for number in numbers)
    assert {str(number)[0] for number in numbers} == set("12345678")


def test_numbers_go_on_where_the_last_ended(db: None) -> None:
    assert set(services.issue_numbers(50)).isdisjoint(services.issue_numbers(50))


def test_numbers_do_not_tell_how_many_there_are(db: None) -> None:
    first, second, third = services.issue_numbers(3)

    assert abs(second - first) > 100 or abs(third - second) > 100


def test_numbers_end_when_all_are_issued(db: None) -> None:
    NumberCounter.objects.create(pk=1, used=SERIALS)

    with pytest.raises(services.NumbersExhausted):
        services.issue_number()


@pytest.mark.postgres
def test_numbers_stay_unique_when_issued_at_the_same_time(race: Race) -> None:
    issued = race(*[lambda: [services.issue_number() for _ in range(25)] for _ in range(8)])

    numbers = [number for batch in issued for number in batch]
    assert len(numbers) == len(set(numbers)) == 200
