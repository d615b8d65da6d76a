"""What is recorded of deleting one's own data."""

from backend.audit.acts import ActName


class Acts(ActName):
    """Acts upon what is kept of a person."""

    VOLUNTEER_ERASED = (
        "volunteer.erased",
        "A person has deleted what was kept of them; the number leads to no name.",
    )
