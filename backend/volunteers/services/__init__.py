"""Changes to the formation's people: numbers, posts, duty, devices."""

from backend.volunteers.services.devices import (
    DeviceTaken,
    refresh_tokens,
    register_page_device,
    revoke_device,
    sign_in,
    sign_in_once,
    sign_out,
)
from backend.volunteers.services.duty import end_overlong_duty, forget_duty_periods, set_duty
from backend.volunteers.services.numbers import NumbersExhausted, issue_number, issue_numbers
from backend.volunteers.services.people import appoint, choose_language, create_volunteer
from backend.volunteers.services.trackers import (
    TooManyTrackers,
    make_tracker,
    report_by_tracker,
    revoke_tracker,
    tracker_by_secret,
)

__all__ = [
    "DeviceTaken",
    "NumbersExhausted",
    "TooManyTrackers",
    "appoint",
    "choose_language",
    "create_volunteer",
    "end_overlong_duty",
    "forget_duty_periods",
    "issue_number",
    "issue_numbers",
    "make_tracker",
    "refresh_tokens",
    "register_page_device",
    "report_by_tracker",
    "revoke_device",
    "revoke_tracker",
    "set_duty",
    "sign_in",
    "sign_in_once",
    "sign_out",
    "tracker_by_secret",
]
