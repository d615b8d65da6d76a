"""What is recorded of trackers."""

from backend.audit.acts import ActName


class Acts(ActName):
    """Acts upon other makers' apps."""

    TRACKER_MADE = "tracker.made", "A person lets an app of another maker report where they are."
    TRACKER_REVOKED = "tracker.revoked", "Such an app reports no more."
