"""What is recorded of occasions and of collective papers."""

from backend.audit.acts import ActName


class Acts(ActName):
    """Acts upon occasions, desks, policies, and what desks enter; never the people on a list."""

    ADULTHOOD_VOIDED = (
        "adulthood.voided",
        "Attested ages ended: a date of birth says that the people are minors.",
        "count",
    )
    OCCASION_DESK_ENDED = "occasion.desk_ended", "A post enters papers of an occasion no more.", "post"
    OCCASION_DESK_NAMED = (
        "occasion.desk_named",
        "A post was named to enter papers of an occasion, and to attest ages.",
        "post",
    )
    OCCASION_CLOSED = "occasion.closed", "An occasion was closed, and with it all its papers."
    OCCASION_OPENED = "occasion.opened", "An occasion was opened.", "unit"
    PAPERS_ENTERED = (
        "papers.entered",
        "A desk has entered people who are insured, trained, bound, or of age.",
        "sheet",
        "kind",
        "count",
    )
    POLICY_ENDED = "policy.ended", "A collective policy holds no more."
    POLICY_RECORDED = "policy.recorded", "A collective policy was noted.", "unit"
