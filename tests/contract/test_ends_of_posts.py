"""Every service that ends posts asks first whether the caller could end them: read from the source."""

import ast
from collections.abc import Iterator

from backend.lib.calls import callees, functions_in, modules, reach
from tests.contract.calls import OF_THE_DOMAIN

END_POSTS = "backend.volunteers.services.ends.end_posts"
MAY_END = "backend.volunteers.rules.may_end"

CALLERS = {
    "backend.volunteers.services.people.fill_post": "the leader before: by whoever appoints the next",
    "backend.volunteers.services.posts.end_post": "the one named: by its holder, or by who could have given it",
    "backend.volunteers.services.standing.end_all_posts": "of who retires or deletes everything, or is retired",
    "backend.volunteers.services.standing.suspend": "those that stand in: nobody does while suspended",
    "backend.volunteers.services.memberships.leave": "in the unit that is left: by the member, or by who lets them go",
    "backend.volunteers.services.units._put": "of members who come into another unit by a split or a merger",
    "backend.volunteers.services.units._retire": "in a unit that is retired or merged",
}
"""The functions that end posts, and which."""


def calls_of(function: str, name: str) -> Iterator[ast.Call]:
    """Yield the calls of something, by its own name, in a function's lines."""
    owner, _, own = function.rpartition(".")
    for body in modules()[owner].functions[own]:
        for node in ast.walk(body):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield node


def test_the_callers_of_what_ends_posts_are_known() -> None:
    callers = {function for function in functions_in("backend") if END_POSTS in callees(function)}

    assert callers == set(CALLERS)


def test_ending_a_post_asks_whether_the_caller_may() -> None:
    assert MAY_END in callees(END_POSTS)
    for function in CALLERS:
        for call in calls_of(function, "end_posts"):
            (act,) = [keyword.value for keyword in call.keywords if keyword.arg == "act"]
            assert not in_no_name(act), f"{function} ends posts in nobody's name"


def in_no_name(act: ast.AST) -> bool:
    """Tell whether a part of an act is taken away from its caller: `act.of(None)`."""
    return any(isinstance(node, ast.Constant) and node.value is None for node in ast.walk(act))


def test_ending_a_post_in_no_name_is_found() -> None:
    assert in_no_name(ast.parse("act.of(None)"))
    assert not in_no_name(ast.parse("act if releasing == act.by else act.of(releasing)"))


def writes_an_end(node: ast.AST) -> bool:
    """Tell whether a line sets an `until_at`: assigned, given to what makes or updates rows, or by `Post.end`."""
    if isinstance(node, ast.Attribute):
        return node.attr == "until_at" and isinstance(node.ctx, ast.Store)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "end":
        return {keyword.arg for keyword in node.keywords} == {"at"}
    if not isinstance(node, ast.Call) or all(keyword.arg != "until_at" for keyword in node.keywords):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name not in {"Q", "exclude", "filter"}


def test_nothing_else_ends_a_post() -> None:
    writers = {
        function
        for function in functions_in(*OF_THE_DOMAIN)
        for body in modules()[function.rpartition(".")[0]].functions[function.rpartition(".")[2]]
        if any(map(writes_an_end, ast.walk(body)))
    }

    assert writers == {
        "backend.volunteers.models.posts.Post",  # says how, in `end`
        "backend.volunteers.services.ends._end",
        "backend.volunteers.services.people.fill_post",  # makes them
        # periods of availability have an end too
        "backend.volunteers.queries.availability.availability_of",
        "backend.volunteers.services.availability.plan_availability",
        # and leaders' words on waking
        "backend.readiness.services.words._make",
        # and shifts of duty desks
        "backend.desks.queries.turns.turns_of",
        "backend.desks.schemas._once_of",
        "backend.desks.schemas.HoursUncovered",
        "backend.desks.services.shifts._shift",
    }


def test_the_end_of_a_post_is_called_in_one_place() -> None:
    callers = {
        function
        for function in functions_in(*OF_THE_DOMAIN)
        for body in modules()[function.rpartition(".")[0]].functions[function.rpartition(".")[2]]
        for node in ast.walk(body)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "end"
        if {keyword.arg for keyword in node.keywords} == {"at"}
    }

    assert callers == {"backend.volunteers.services.ends._end"}


def test_every_service_that_ends_posts_comes_to_the_question() -> None:
    rooms = ("backend.volunteers.services", "backend.joining.services", "backend.privacy.services")
    services = {function for function in functions_in(*rooms) if END_POSTS in reach(function)}

    assert {
        "backend.volunteers.services.units.split_unit",
        "backend.volunteers.services.units.merge_units",
        "backend.volunteers.services.units.retire_unit",
        "backend.joining.services.transfers.accept_transfer",
        "backend.joining.services.transfers.propose_transfer",
        "backend.volunteers.services.memberships.leave_unit",
        "backend.volunteers.services.standing.retire",
        "backend.volunteers.services.standing.suspend",
        "backend.privacy.services.own_data.erase_person",
        "backend.volunteers.services.posts.give_post",
        "backend.volunteers.services.posts.end_post",
    } <= services
    assert all(MAY_END in reach(function) for function in services)
