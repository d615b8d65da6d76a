"""What is recorded of partner organisations."""

from backend.audit.acts import ActName


class Acts(ActName):
    """Acts upon what partners share."""

    SHARING_CHOSEN = (
        "sharing.chosen",
        "A partner has chosen what those above see of its people, or whom they ask.",
        "shares",
        "before",
    )
    SHARING_BEGUN = (
        "sharing.begun",
        "A partner has its first leader, and keeps its people to itself.",
        "shares",
    )
