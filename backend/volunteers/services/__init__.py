"""Changes to the formation's people: numbers, posts, duty, devices."""

from backend.volunteers.services.duty import end_overlong_duty, forget_duty_periods, set_duty
from backend.volunteers.services.numbers import NumbersExhausted, issue_number, issue_numbers
from backend.volunteers.services.people import appoint, create_volunteer

__all__ = [
    "NumbersExhausted",
    "appoint",
    "create_volunteer",
    "end_overlong_duty",
    "forget_duty_periods",
    "issue_number",
    "issue_numbers",
    "set_duty",
]
