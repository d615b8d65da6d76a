"""Reads tasks, how they stand, and who can be asked."""

from backend.dispatch.queries.members import (
    eligible,
    fit_for,
    let_by_law,
    units_numbered,
    unknown_skills,
    why_nobody,
    with_guardian,
)
from backend.dispatch.queries.progress import progress_of, recipients, unit_progress
from backend.dispatch.queries.tasks import (
    asked_by_topic,
    asked_in,
    call_out_out,
    offers_to,
    own_parts,
    task_details,
    task_for,
    task_out,
    task_outs,
    task_page,
)

__all__ = [
    "asked_by_topic",
    "asked_in",
    "call_out_out",
    "eligible",
    "fit_for",
    "let_by_law",
    "offers_to",
    "own_parts",
    "progress_of",
    "recipients",
    "task_details",
    "task_for",
    "task_out",
    "task_outs",
    "task_page",
    "unit_progress",
    "units_numbered",
    "unknown_skills",
    "why_nobody",
    "with_guardian",
]
