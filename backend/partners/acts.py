"""What is recorded of partner organisations."""

from backend.audit.acts import ActName


class Acts(ActName):
    """Acts upon kinds of partners and what they share."""

    EMPLOYMENT_CHANGED = (
        "employment.changed",
        "A person serves a partner's unit as an employee from now on, or as a volunteer.",
        "unit",
        "employee",
    )
    PARTNER_KIND_CHANGED = (
        "partner_kind.changed",
        "An operator has added a kind of partner, or changed its names, its place or its use.",
        "in_use",
        "is_new",
    )
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
