"""Reads tasks, how they stand, and who can be asked."""

from backend.dispatch.queries.asked import Part, asked_by_topic, asked_in, parts_by_topic
from backend.dispatch.queries.inbox import inbox_of
from backend.dispatch.queries.kept import is_shown
from backend.dispatch.queries.members import (
    eligible,
    fit_for,
    let_by_law,
    topmost,
    units_numbered,
    unknown_skills,
    why_nobody,
    with_guardian,
)
from backend.dispatch.queries.progress import counts_of, progress_of, unit_progress
from backend.dispatch.queries.reach import unheard_on
from backend.dispatch.queries.recipients import recipients, to_phone_in
from backend.dispatch.queries.tasks import (
    call_out_out,
    own_parts,
    part_to_note,
    task_details,
    task_for,
    task_out,
    task_outs,
    task_page,
)

__all__ = [
    "Part",
    "asked_by_topic",
    "asked_in",
    "call_out_out",
    "counts_of",
    "eligible",
    "fit_for",
    "inbox_of",
    "is_shown",
    "let_by_law",
    "own_parts",
    "part_to_note",
    "parts_by_topic",
    "progress_of",
    "recipients",
    "task_details",
    "task_for",
    "task_out",
    "task_outs",
    "task_page",
    "to_phone_in",
    "topmost",
    "unheard_on",
    "unit_progress",
    "units_numbered",
    "unknown_skills",
    "why_nobody",
    "with_guardian",
]
