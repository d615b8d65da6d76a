"""Tasks, the call-outs that send them, and each volunteer's part."""

from backend.dispatch.models.assignments import (
    Assignment,
    AssignmentQuerySet,
    AssignmentStatus,
    Becomes,
    CallOut,
    Notice,
    columns_of,
    is_open,
    takes_part,
)
from backend.dispatch.models.tasks import (
    DANGEROUS,
    LegalBasis,
    Severity,
    Task,
    TaskStatus,
    around,
    lasts,
    shown_since,
    under_way,
)

__all__ = [
    "DANGEROUS",
    "Assignment",
    "AssignmentQuerySet",
    "AssignmentStatus",
    "Becomes",
    "CallOut",
    "LegalBasis",
    "Notice",
    "Severity",
    "Task",
    "TaskStatus",
    "around",
    "columns_of",
    "is_open",
    "lasts",
    "shown_since",
    "takes_part",
    "under_way",
]
