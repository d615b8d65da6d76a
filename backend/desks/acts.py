"""What is recorded of duty desks, their plans and their hand-overs."""

from backend.audit.acts import ActName


class Acts(ActName):
    """Acts upon duty desks."""

    DESK_CHANGED = "desk.changed", "A unit has a duty desk, or its desk another telephone."
    DESK_ENDED = "desk.ended", "A unit has no duty desk any more.", "shifts"
    DESK_FORGOTTEN = "desk.forgotten", "Shifts and hand-overs that were over long ago were deleted.", "count"
    DESK_GAP_TOLD = (
        "desk.gap_told",
        "The leaders of a unit were told of hours that no shift covers.",
        "minutes",
    )
    HAND_OVER_GIVEN = "hand_over.given", "A person who leaves a desk has signed what is open.", "matters"
    HAND_OVER_TAKEN = "hand_over.taken", "A person who takes a desk over has signed what is open."
    SHIFT_ADDED = "shift.added", "A shift stands in the plan of a desk.", "volunteer", "deputy"
    SHIFT_LEFT = "shift.left", "A volunteer has left a shift of a desk's plan.", "unit", "cause"
    SHIFT_REMOVED = "shift.removed", "A shift was taken out of the plan of a desk.", "volunteer"
