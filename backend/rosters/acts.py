"""What is recorded of rosters that come in and go out."""

from backend.audit.acts import ActName


class Acts(ActName):
    """Acts upon imports and exports."""

    ROSTER_CHECKED = (
        "roster.checked",
        "An import was checked.",
        "accepted",
        "known",
        "duplicates",
        "rejected",
    )
    ROSTER_DIFFERENCES_LEFT = (
        "roster.differences-left",
        "Differences of a roster that came again were left as they are.",
        "differences",
    )
    ROSTER_DIFFERENCES_RESTORED = (
        "roster.differences-restored",
        "What stood in records before differences were taken over stands again, as the import is undone.",
        "differences",
    )
    ROSTER_DIFFERENCES_TAKEN = (
        "roster.differences-taken",
        "Differences of a roster that came again were taken over into the records.",
        "differences",
        "overtaken",
    )
    ROSTER_EXPORTED = "roster.exported", "The roster of a unit was taken out as a file.", "format", "people"
    ROSTER_FAILED = "roster.failed", "An import was given up, or could not be undone.", "why"
    ROSTER_IMPORTED = (
        "roster.imported",
        "The people of an import are in the roster.",
        "accepted",
        "known",
        "duplicates",
        "rejected",
    )
    ROSTER_RECEIVED = "roster.received", "A file was handed in to be checked.", "unit", "sha256"
    ROSTER_STARTED = "roster.started", "A checked import was begun.", "rejected", "skip_new"
    ROSTER_TAKEN_OUT = (
        "roster.taken-out",
        "The people of an import were taken out of the roster again.",
        "people",
    )
    ROSTER_UNDONE = "roster.undone", "An import was to be undone.", "people"
