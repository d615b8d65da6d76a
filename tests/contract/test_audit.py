"""Every act is recorded: no service changes anything without a line of the audit, and nothing else changes anything."""

import ast
import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache

import pytest

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.lib.calls import callees, functions_in, modules, reach
from tests.contract.access import hubs_hear_of_access
from tests.contract.acts import Act
from tests.contract.calls import (
    ACT,
    OF_THE_DOMAIN,
    OPENS,
    RECORDERS,
    ROOMS,
    calls_of_act,
    changes_itself,
    records_itself,
    writes_itself,
)
from tests.contract.doors import World, rest_clients
from tests.contract.table import ACTS

SERVICES = tuple(f"{room}.services" for room in ROOMS)

LOOKS = "who looked at whom has a log of its own, which that person reads"
UNRECORDED = {
    "backend.dispatch.services.leavers.follow_call_out": "the call-out was recorded; this tells it",
    "backend.accounts.services.devices.prolong_long_page": "goes on with a sign-in that was recorded, once a day",
    "backend.accounts.services.devices.prolong_page_device": "the password that was changed is recorded",
    "backend.dispatch.services.access_log.note_phones": LOOKS,
    "backend.dispatch.services.access_log.note_recipients": LOOKS,
    "backend.volunteers.services.access_log.note_list": LOOKS,
    "backend.volunteers.services.access_log.note_access": LOOKS,
    "backend.volunteers.services.access_log.note_named": LOOKS,
    "backend.numbers.services.access_log.note_look_up": LOOKS,
    "backend.volunteers.services.access_log.note_sightings": LOOKS,
    "backend.dispatch.services.renumbering.tell_again": "the new number is recorded",
    "backend.dispatch.services.retirement.give_tasks": "the end of the unit is recorded, with its successor",
    "backend.joining.services.applications.hand_over": "the end of the unit is recorded, with its successor",
    "backend.numbers.services.number_blocks.hand_over": "the end of the unit is recorded, with its successor",
    "backend.joining.services.applications.move_to_kept": "merging the records is recorded",
    "backend.desks.services.leaving.move_to_kept": "merging the records is recorded",
    "backend.papers.services.occasions.give_occasions": "the end of the unit is recorded, with its successor",
    "backend.papers.services.policies.give_policies": "the end of the unit is recorded, with its successor",
    "backend.papers.services.people.move_lines": "merging the records is recorded",
    "backend.papers.services.people.erase_lines": "a part of deleting one's own data, which records it",
    "backend.joining.services.applications.erase_applications": "a part of deleting one's own data, which records it",
    "backend.rosters.services.differences.forget": "a part of deleting one's own data, which records it",
    "backend.rosters.services.differences.forget_undecided": "the report of deletions tells it",
    "backend.rosters.services.differences.move_to_kept": "merging the records is recorded",
    "backend.corrections.services.move_to_kept": "merging the records is recorded",
    "backend.corrections.services.forget": "a part of deleting one's own data, which records it",
    "backend.badges.services.forget_photo": "follows from withdrawing, merging or deleting, which are recorded",
    "backend.dispatch.services.progress.announce_progress": "tells of answers that were recorded one by one",
    "backend.readiness.services.ends.hand_over": "the end of the unit is recorded, with its successor",
    "backend.readiness.services.ends.erase_waking": "a part of deleting one's own data, which records it",
    "backend.realtime.services.run_command": "the service behind the command records; the key is for retries",
    "backend.realtime.services.store_receipts": "what a phone has received is no act of anybody",
    "backend.tracking.services.withdrawn.erase_tracking": "a part of deleting one's own data, which records it",
    "backend.tracking.services.withdrawn.forget_who_withdrew": "takes positions off the map; withdrawing was recorded",
    "backend.volunteers.services.counts.recount_reachable": "counts again at a sign-in, which is recorded",
    "backend.volunteers.services.counts.repair_counts": "counts again what was recorded act by act",
    "backend.accounts.services.devices.note_arrival": "notes that a phone has its tokens; no caller decided anything",
    "backend.privacy.services.sealing.reseal": "the same texts under another key, in thousands of batches",
    "backend.privacy.services.identity.check_identity": "counts a guess, which is forgotten; confirming is recorded",
    "backend.volunteers.services.numbers.issue_numbers": "a part of what makes volunteers, and rolled back with it",
    "backend.privacy.services.retention.keep_to_limits": "retention has a log of its own, which everybody reads",
    "backend.privacy.services.retention.note_deleted": "is that log",
    "backend.volunteers.services.roster.fill_roster_gaps": "copies what was recorded act by act",
    "backend.accounts.services.second_factors.forget_challenges": "codes that are no longer good for anything",
    "backend.accounts.services.choices.ask_which": "asks for the person; the sign-in is recorded",
    "backend.accounts.services.choices.take_choice": "goes on with the sign-in, which is recorded",
    "backend.accounts.services.choices.forget_choices": "choices that are no longer good for anything",
    "backend.accounts.services.second_factors.require_second_factor": "asks for a code; the sign-in is recorded",
    "backend.tracking.services.trackers.report_by_tracker": "positions are no acts; they are kept 30 days",
    "backend.tracking.services.trackers.revoke_trackers": "a part of merging two records, which is recorded",
}
"""Services that are called from outside and write without a line of their own, each with its reason."""

DRAWS = "saves a drawing or a workbook in memory"
GUESSES = "counts guesses, which are forgotten after a quarter of an hour; a sign-in is recorded"
POSITIONS = "positions are no acts; they are kept 30 days"
TRIMMED = "what was kept long enough is put on the report of deletions"
BESIDE_SERVICES = {
    "backend.tracking.due.trim_places": TRIMMED,
    "backend.tracking.due.trim_tracks": TRIMMED,
    "backend.tracking.positions.forget": POSITIONS,
    "backend.tracking.tracks._upsert_latest": POSITIONS,
    "backend.tracking.tracks._write_by_copy": POSITIONS,
    "backend.tracking.tracks._write_plainly": POSITIONS,
    "backend.dispatch.own_data.erase_words": "a part of deleting one's own data, which records it",
    "backend.badges.badge_card.card_pdf": DRAWS,
    "backend.badges.sign_sheet.signs_pdf": DRAWS,
    "backend.accounts.codes.drawn": DRAWS,
    "backend.accounts.login_attempts.Guess": GUESSES,
    "backend.accounts.login_attempts._count": GUESSES,
    "backend.accounts.login_attempts.forget_guesses": GUESSES,
    "backend.accounts.login_attempts._locked_row": GUESSES,
    "backend.rosters.reading.tables.xlsx_parts": DRAWS,
}
"""Functions outside services that write, each with its reason."""

QUIET_DOORS = {
    ("POST", "api/v1/token/refresh"): "goes on with a sign-in that was recorded, every quarter of an hour",
    ("POST", "api/v1/positions"): "positions are no acts; they are kept 30 days",
    ("POST", "api/v1/catch-up"): "reads",
    ("POST", "api/v1/receipts"): "what a phone has received is no act of anybody",
    (
        "POST",
        "api/v1/applications/<uuid:application_id>/withdraw",
    ): "answers the same when there is nothing to withdraw",
    ("PUT", "api/v1/me/consents/<str:purpose>"): "in the table somebody says what holds already",
    ("PUT", "api/v1/volunteers/<str:number>/primary-unit"): "in the table it is the primary one already",
    ("POST", "api/v1/volunteers/<str:number>/reinstate"): "in the table nobody was suspended",
    ("POST", "api/v1/me/identity"): "in the table nothing came by a merge",
    ("DELETE", "api/v1/me/photo"): "in the table there is no photo",
}
"""Changing doors that record nothing, or have nothing to do as the table of doors tries them; each with its reason."""

BY_POST = {
    "backend.volunteers.rules.may_by",
    "backend.volunteers.rules.may_give",
    "backend.volunteers.rules.may_invite",
    "backend.volunteers.rules.may_look_after",
    "backend.volunteers.rules.may_reshape",
}
"""The rules that grant by a post; all others ask one of them."""

JOB = "done by the job; the order for it is recorded with its post"
WITHOUT_POST = {
    "backend.volunteers.services.finding._note": "tells the leaders, and records nothing",
    "backend.volunteers.services.finding._record_alarm": "the act that a post would have allowed was refused",
    "backend.dispatch.services.answers.answer_offers": "each answer is of a caller of its own",
    "backend.rosters.services.import_check._close": JOB,
    "backend.rosters.services.import_worker._enrol": JOB,
    "backend.rosters.services.import_turns.fail": JOB,
    "backend.rosters.services.import_worker._take_back": JOB,
    "backend.rosters.services.differences._restore_changes": JOB,
    "backend.rosters.services.differences._restore_move": JOB,
}
"""Functions that open an act which a post allowed, and do not name it, each with its reason."""

WRITTEN_BY_PEOPLE = {
    "address",
    "comment",
    "email",
    "id_card",
    "instructions",
    "name",
    "note",
    "password",
    "phone",
}
WRITTEN_BY_PEOPLE |= {"reason", "remark", "text", "title"}
FIXED_TEXTS = {
    ("backend.accounts.services.devices", "reason"): "one of three sentences of the code",
    ("backend.accounts.services.second_factors", "reason"): "one of the sentences of the code",
    ("backend.dispatch.services.legal_basis", "reason"): "the law wants the reason on the record, for good",
    ("backend.volunteers.services.units", "name"): "a unit's name, which is public",
}
"""Details under a name that is suspect, and what they are."""


def services() -> Iterator[str]:
    """Yield every public function of the services."""
    for function in functions_in(*SERVICES):
        owner, _, own = function.rpartition(".")
        if not own.startswith("_") and own not in modules()[owner].classes:
            yield function


def unrecorded() -> set[str]:
    """Return the services that write and never come to `record`, without those that are only parts of others."""
    return {
        function
        for function in services()
        if not is_part(function)
        and any(map(changes_itself, reached(function) - RECORDERS))
        and not comes_to_record(function)
    }


def reached(function: str) -> set[str]:
    """Return what a function comes to, without what writes and records whatever it is handed."""
    return reach(function, beside=OF_ITS_OWN)


def comes_to_record(function: str) -> bool:
    """Tell whether a function records, or something that it comes to."""
    return any(map(records_itself, reached(function)))


@cache
def named_by(*prefixes: str, others: bool = False) -> frozenset[str]:
    """Return what the functions of some modules name, or what all `others` do."""
    within = set(functions_in(*prefixes))
    naming = set(functions_in("backend")) - within if others else within
    return frozenset().union(*(callees(function) for function in naming))


def is_part(function: str) -> bool:
    """Tell whether only services call it: what they record, it has recorded."""
    return function in named_by(*SERVICES) and function not in named_by(*SERVICES, others=True)


def test_the_analysis_sees_what_is_there() -> None:
    """Guards the tests below against finding nothing because they read nothing."""
    recorded = set(filter(comes_to_record, services()))

    assert {
        "backend.volunteers.services.people.create_volunteer",
        "backend.volunteers.services.duty.set_duty",
        "backend.dispatch.services.call_outs.call_out",
        "backend.dispatch.services.answers.answer_offers",
    } <= recorded
    assert "backend.tracking.services.trackers.tracker_by_secret" not in recorded


OF_ITS_OWN = {"backend.realtime.log.epochs.begin", ACT, OPENS}
"""What every service comes to, and what records for itself, or what it is handed: it is no record of the service."""


def test_every_service_that_changes_something_records_it() -> None:
    assert unrecorded() == set(UNRECORDED)


class _Silenced(ast.NodeTransformer):
    """Takes the record out of a function."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Call something else in the place of `record`."""
        self.generic_visit(node)
        return ast.Attribute(node.value, "recall", node.ctx) if node.attr == "record" else node


@pytest.fixture
def silenced(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Take the record out of a service, as far as the analysis reads it; return which."""
    owner, own = "backend.tracking.services.trackers", "make_tracker"
    bodies = [_Silenced().visit(deepcopy(body)) for body in modules()[owner].functions[own]]
    monkeypatch.setitem(modules()[owner].functions, own, bodies)
    records_itself.cache_clear()
    yield f"{owner}.{own}"
    records_itself.cache_clear()


def test_a_service_that_records_no_longer_is_found(silenced: str) -> None:
    assert silenced in unrecorded()


OF_ANOTHER = {
    "backend.accounts.services.invitations.invitation_opens",
    "backend.accounts.services.sign_in_codes.code_opens",
}
"""What asks for the post of a person who acted earlier: the present act is not allowed by it."""


def test_acts_that_a_post_allowed_name_it() -> None:
    """A service that asks for a post opens its act with the grant, and so does everything that it comes to."""
    nameless = {
        acting
        for function in services()
        if reach(function, beside=OF_ANOTHER) & BY_POST
        for acting in reach(function)
        if acting.startswith(SERVICES) and opens_without_grant(acting)
    }

    assert nameless == set(WITHOUT_POST)


def opens_without_grant(function: str) -> bool:
    """Tell whether the function's own lines open an act, and no part of it, without the grant that allows it."""
    owner, _, own = function.rpartition(".")
    opened = [
        {keyword.arg for keyword in node.keywords}
        for body in modules()[owner].functions[own]
        for node in ast.walk(body)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "acting"
    ]
    parts = [{keyword.arg for keyword in node.keywords} for node in calls_of_act(function, "of")]
    return any("grant" not in names for names in opened) and not any("grant" in names for names in parts)


def recorded_with(function: str) -> Iterator[set[str | None]]:
    """Yield the keywords of every call of `record` in the function's own lines; `**details` has its literal keys."""
    owner, _, own = function.rpartition(".")
    for body in modules()[owner].functions[own]:
        nodes = list(ast.walk(body))
        keys = {
            key.value
            for node in nodes
            if isinstance(node, ast.Dict)
            for key in node.keys
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        }
        for node in calls_of_act(function, "record"):
            names = {keyword.arg for keyword in node.keywords}
            yield names | keys if None in names else names


def test_nothing_changes_the_database_beside_the_services() -> None:
    """Doors, commands, clocks and pages call services; models hold what services call."""
    beside = {
        function
        for function in functions_in(*OF_THE_DOMAIN)
        if not {"services", "models"} & set(function.split(".")) and writes_itself(function)
    }

    assert beside == set(BESIDE_SERVICES)


def test_details_hold_nothing_that_people_write() -> None:
    """A line can never be taken out again, so erasing somebody's texts must not need it."""
    suspect = {
        (function.rpartition(".")[0], name)
        for function in functions_in(*ROOMS)
        for names in recorded_with(function)
        for name in names & WRITTEN_BY_PEOPLE
    }

    assert suspect == set(FIXED_TEXTS)


CHANGING = [
    door for door in ACTS if door.method != "GET" and any(code < 300 for code in door.answers.values())
]


@pytest.mark.parametrize("door", CHANGING, ids=str)
def test_a_door_that_changes_something_leaves_a_line(world: World, door: Act) -> None:
    caller = door.rightful if door.answers.get(door.rightful, 404) < 300 else next(iter(door.answers))
    client = rest_clients(world, door.rightful)[caller]
    before = set(Entry.objects.values_list("pk", flat=True))

    with hubs_hear_of_access():
        answer = door.try_as(client, world, caller)

    lines = Entry.objects.exclude(pk__in=before)
    assert answer.status_code == door.answers[caller]
    assert lines.exists() != ((door.method, door.address) in QUIET_DOORS)
    assert {line.by for line in lines} <= {
        world.callers[caller].user,
        None,
    }  # None: before anybody has signed in


def test_quiet_doors_are_doors() -> None:
    assert set(QUIET_DOORS) <= {(door.method, door.address) for door in CHANGING}


def test_lines_say_which_post_allowed_the_act(world: World) -> None:
    clients = rest_clients(world, "leader")

    for door in CHANGING:
        if "sign-out" not in door.address and "person>/devices" not in door.address:
            caller = door.rightful if door.rightful in door.answers else next(iter(door.answers))
            door.try_as(clients[caller], world, caller)

    leader = f"leader@{world.formation.squadron_a.number}"
    posts = dict(Entry.objects.filter(act__startswith="task.").values_list("act", "post"))
    assert posts == {"task.created": leader, "task.called": leader, "task.cancelled": leader}
    own = Entry.objects.filter(act__regex="^(duty|language|device|tracker|assignment)[.]")
    assert set(own.values_list("post", flat=True)) == {""}


def test_no_line_holds_a_name_a_phone_or_a_text(world: World) -> None:
    for door in CHANGING:
        if "sign-out" not in door.address:
            caller = door.rightful if door.rightful in door.answers else next(iter(door.answers))
            door.try_as(rest_clients(world, door.rightful)[caller], world, caller)
    lines = json.dumps(list(Entry.objects.values("act", "subject", "post", "details")), ensure_ascii=False)

    secrets = {"by mistake", world.task.title, world.task.place_name} - {""}
    for user in User.objects.select_related("volunteer"):
        secrets |= {user.phone or "-", user.volunteer.name}

    assert {secret for secret in secrets if secret in lines} <= {"-"}
