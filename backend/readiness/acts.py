"""What is recorded of waking people."""

from backend.audit.acts import ActName


class Acts(ActName):
    """Acts upon the consent to be woken."""

    WAKING_FORGOTTEN = "waking.forgotten", "Leaders' words that ended long ago were deleted.", "count"
    WAKING_SAID = (
        "waking.said",
        "A person has said for what and when they may be woken, and when not.",
        "consents",
        "refused_hours",
        "refused_categories",
    )
    WORD_ENDED = "word.ended", "A leader's word on waking a person holds no longer.", "word"
    WORD_NOTED = (
        "word.noted",
        "A leader has noted that a person agrees by voice to being woken.",
        "word",
        "how",
        "unit",
    )
