"""What happens to units, memberships and volunteers, for the rooms above, and what this room has to ask them.

Every hook is called inside the transaction of its act, and is handed the act to record and to tell by; a refusal takes
the whole act back. Those that may refuse, or lock, before the act is opened have its time alone.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from backend.accounts.acting import Act
from backend.lib.hooks import hook, locking_hook, question
from backend.volunteers.models import Post, Purpose, Unit, Volunteer


@locking_hook
def unit_retiring(unit: Unit, successor: Unit, *, at: datetime) -> None:
    """A unit is about to end in its successor: by being merged into it, or because it is empty. May refuse.

    The formation is locked, the two units are not yet. Answers lock what ends with the unit or goes on to the
    successor, each in the order of its keys: acts on those things lock them before they lock a unit.
    """
    raise NotImplementedError


@hook
def unit_retired(unit: Unit, successor: Unit, *, act: Act) -> None:
    """The members and posts of a unit are gone, and the unit is ending.

    Both units are locked, and what the answers to `unit_retiring` have locked.
    """
    raise NotImplementedError


@hook
def membership_ended(
    unit: Unit, volunteers: Sequence[Volunteer], *, was_primary: bool, reason: str, act: Act
) -> None:
    """Volunteers have left a unit, or were put into the unit that was split off it.

    `was_primary`: one volunteer left, and the unit was that volunteer's primary one. The units are locked; so are the
    volunteers, but not by a split. Not called when a unit is merged into another: its members go on there.
    """
    raise NotImplementedError


@hook
def post_given(post: Post, *, act: Act) -> None:
    """A volunteer was given a post, now or from later on. Its unit is locked, as are the holder and their devices."""
    raise NotImplementedError


@hook
def standing_changed(volunteer: Volunteer, *, act: Act) -> None:
    """A volunteer was suspended, was reinstated or has retired.

    The volunteer is locked and saved, and the posts that end have ended. When a suspension is over the act is the
    clock's. Acts on tasks lock the task before the volunteer: an answer that needs one waits for the commit.
    """
    raise NotImplementedError


@hook
def number_changed(volunteer: Volunteer, *, before: int, act: Act) -> None:
    """A volunteer has another number; `before` is the old one, which leads to the volunteer for ever.

    The volunteer is locked. The old topic gets its last event, and nothing is received on it any more.
    """
    raise NotImplementedError


@hook
def merging(kept: Volunteer, gone: Volunteer, *, act: Act) -> None:
    """Two records of a person are about to be merged. May refuse.

    Both are locked, as are the devices of both. Answers move what `gone` has to `kept`, or end it.
    """
    raise NotImplementedError


@hook
def consents_withdrawn(volunteer: Volunteer, purposes: frozenset[Purpose], *, act: Act) -> None:
    """A volunteer's agreement to purposes has ended. The volunteer is locked."""
    raise NotImplementedError


@hook
def erasing(volunteer: Volunteer, *, at: datetime) -> Sequence[str]:
    """A volunteer is about to be erased; answers say in words what is kept nevertheless. May refuse.

    Nothing is locked: answers lock what could stand against it. Acts lock those things before they lock a volunteer.
    """
    raise NotImplementedError


@hook
def erased(volunteer: Volunteer, *, act: Act) -> None:
    """Everything that leads to a volunteer goes; answers delete their part.

    Called for the record and for each that was merged into it. They are locked, as are the volunteer's devices.
    """
    raise NotImplementedError


@hook
def exporting(volunteer: Volunteer, *, at: datetime) -> Mapping[str, JsonValue]:
    """A volunteer takes out what is kept of them; answers return their parts, by the name in the export. Read only."""
    raise NotImplementedError


@hook
def duty_ended(volunteers: Sequence[Volunteer], *, act: Act) -> None:
    """Volunteers have gone off duty, or their duty was ended. They are locked, and saved as being off duty."""
    raise NotImplementedError


@question
def is_partner_kind(code: str) -> bool:
    """Tell whether new units may be of a kind of partner organisations: it is known, and in use."""
    raise NotImplementedError


@question
def tracked_among(numbers: Collection[int], at: datetime) -> Collection[int]:
    """Return the numbers, among these, of volunteers whose positions are taken at `at`; read from the database."""
    raise NotImplementedError


@question
def last_positions(numbers: Collection[int]) -> Mapping[int, datetime]:
    """Return the time of the last position of volunteers, by number, where it is known. One query."""
    raise NotImplementedError
