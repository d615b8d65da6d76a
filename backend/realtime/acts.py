"""What the log notes in the record."""

from backend.audit.acts import ActName


class Acts(ActName):
    """Acts of the clock upon the log."""

    EPOCH_BEGUN = "epoch.begun", "Another epoch of the log has begun: the database was put back.", "why"
