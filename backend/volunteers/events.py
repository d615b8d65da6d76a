"""What happens to people."""

from typing import Literal

from typing_extensions import TypeAliasType

from backend.lib.shapes import VolunteerNumber
from backend.realtime.events import Event
from backend.volunteers.schemas import DutyOut
from backend.volunteers.schemas.lives import StandingOut
from backend.volunteers.schemas.me import DutyReason
from backend.volunteers.schemas.posts import PostHeld
from backend.volunteers.schemas.units import UnitOut


class NumberChanged(Event, type="number.changed", topics=("person",)):
    """You have a number for life now; the temporary one, `before`, still leads to you.

    The last event of this topic. The socket closes with 4403 right after it, but you are still signed in: renew the
    token, forget the cursors, and connect; the topic of the new number comes with its snapshot.
    """

    before: VolunteerNumber
    number: VolunteerNumber


class DutyChanged(Event, type="duty.changed", topics=("person",)):
    """This volunteer went on or off duty, or positions are taken from now on, or no longer.

    `reason`: `asked` by the volunteer, `signed_out` on the last device, `too_long` when the end was reached,
    `suspended`, `retired`, or a `consent` to being located was given or withdrawn.
    """

    volunteer: VolunteerNumber
    duty: DutyOut
    reason: DutyReason


class StandingChanged(Event, type="standing.changed", topics=("person",)):
    """This volunteer was suspended, reinstated or retired."""

    standing: StandingOut


class PostChanged(Event, type="post.changed", topics=("person",)):
    """This volunteer was given a post, or one of theirs got another end: read `GET /me` again."""

    post: PostHeld


class RecordMerged(Event, type="record.merged", topics=("person",)):
    """Another record of the same person, `duplicate`, was merged into this one, `number`; `by` did it.

    Sent to both. The devices of the duplicate are signed out: sign in again, with the password of `number`. An app
    whose person is not both of them says so at once.
    """

    number: VolunteerNumber
    duplicate: VolunteerNumber
    by: VolunteerNumber


FoundBy = TypeAliasType("FoundBy", Literal["import", "registration", "application", "correction"])
"""What a leader did when members of another unit were found."""


class PeopleFound(Event, type="people.found", topics=("unit",)):
    """A leader or dispatcher of another unit, with number `by`, has found members of this one in the roster.

    By phone or identity card: in a file (`import`), when a person was registered (`registration`), when an application
    was approved (`application`), or when a phone was corrected (`correction`). Sent to the leaders of the unit, or of
    the nearest above that has any.
    Each of the `people` sees it under `GET /me/looks`.
    """

    unit: str
    people: int
    how: FoundBy
    by: VolunteerNumber


class UnitChanged(Event, type="unit.changed", topics=("unit",)):
    """The unit was renamed or moved. When `successor` is set it is no more, and its members belong there."""

    unit: UnitOut
    successor: UnitOut | None = None
