"""What is recorded of tasks and of the parts in them."""

from backend.audit.acts import ActName


class Acts(ActName):
    """Acts upon tasks."""

    ASSIGNMENT_ACCEPTED = "assignment.accepted", "A volunteer who was asked has a place in a task."
    ASSIGNMENT_DECLINED = "assignment.declined", "A volunteer has declined, or given a place back."
    ASSIGNMENT_NOTED = (
        "assignment.noted",
        "A leader has noted what a volunteer without a device answered by voice.",
        *("volunteer", "status", "how", "said_at"),
    )
    ASSIGNMENT_RESERVE = "assignment.reserve", "A volunteer has accepted a task that was full."
    TASK_CALLED = (
        "task.called",
        "The suitable members of units were asked for a task.",
        "call_out",
        "offered",
        "posts",
    )
    TASK_CANCELLED = "task.cancelled", "A task was called off."
    TASK_CLOSED = "task.closed", "The time to answer has passed.", "accepted"
    TASK_CREATED = "task.created", "A task was written down; its people are not asked yet."
    TASK_LEGAL_BASIS_NAMED = (
        "task.legal_basis_named",
        "Those on a task are located without their consent, for a reason of law; or no longer.",
        "legal_basis",
        "reason",
    )
