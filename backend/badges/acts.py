"""What is recorded of badges."""

from backend.audit.acts import ActName


class Acts(ActName):
    """Acts upon badges and the pictures on them."""

    BADGE_ISSUED = "badge.issued", "A badge was issued.", "number"
    BADGE_REVOKED = "badge.revoked", "A badge says nothing any more."
    PHOTO_DELETED = "photo.deleted", "A person has deleted their picture."
    PHOTO_KEPT = "photo.kept", "A person has given a picture of themselves."
