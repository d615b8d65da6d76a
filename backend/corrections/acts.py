"""What is recorded of corrections: which part, never a value."""

from backend.audit.acts import ActName


class Acts(ActName):
    """Acts upon the records of people."""

    RECORD_CORRECTED = (
        "record.corrected",
        "A name or a phone was corrected by a leader, or these or skills from a roster that came again.",
        "part",
        "correction",
    )
    CORRECTION_CONFIRMED = (
        "correction.confirmed",
        "A second leader vouches for a phone that was corrected.",
        "correction",
    )
    CORRECTION_UNDONE = (
        "correction.undone",
        "What stood before a correction stands again.",
        "part",
        "correction",
    )
