"""What is recorded of units, people and their posts."""

from backend.audit.acts import ActName


class Acts(ActName):
    """Acts upon the formation and its people."""

    AVAILABILITY_PLANNED = (
        "availability.planned",
        "A person has said when they can come.",
        "weekly",
        "periods",
    )
    CONSENT_GIVEN = "consent.given", "A person has agreed to a purpose.", "purpose", "version"
    CONSENT_WITHDRAWN = "consent.withdrawn", "A consent has ended.", "purpose"
    CREDENTIAL_RECORDED = "credential.recorded", "A person's credential was noted.", "credential", "kind"
    CREDENTIAL_REVOKED = (
        "credential.revoked",
        "A credential was ended as wrong or no longer good.",
        "credential",
        "kind",
    )
    DUTY_CHANGED = "duty.changed", "A person went on or off duty, or their duty was ended.", "on"
    DUTY_FORGOTTEN = "duty.forgotten", "Times of duties that ended long ago were deleted.", "count"
    EMBLEM_REMOVED = "emblem.removed", "A unit's emblem was taken away."
    EMBLEM_SET = "emblem.set", "A unit has another emblem.", "digest"
    FORMATION_LOADED = (
        "formation.loaded",
        "Units follow the administrative divisions.",
        "created",
        "renamed",
        "moved",
    )
    GUARDIAN_RECORDED = (
        "guardian.recorded",
        "A guardian who agrees to a minor's service was noted.",
        "guardian",
    )
    GUARDIAN_WITHDRAWN = "guardian.withdrawn", "A guardian agrees no longer.", "guardian"
    IDENTITY_CONFIRMED = (
        "identity.confirmed",
        "A person has named the identity that came to their record by a merge.",
    )
    MEMBERSHIP_ENDED = "membership.ended", "A volunteer has left a unit.", "unit"
    MEMBERSHIP_PRIMARY = "membership.primary", "Another unit of a volunteer counts first.", "unit"
    NUMBER_CHANGED = "number.changed", "A temporary number was followed by one for life.", "before", "after"
    PEOPLE_FOUND_TOO_MANY = (
        "people.found_too_many",
        "A caller has found as many people of other units as a day allows.",
        "how",
    )
    POST_ENDED = "post.ended", "A post was given back or taken away.", "unit", "role"
    POST_ENDED_WITH = "post.ended_with", "A post has ended with the one that it rested on.", "unit", "role"
    POST_GIVEN = "post.given", "A person holds a post from now on, or from later.", "unit", "role"
    UNIT_CREATED = "unit.created", "A unit was made below another.", "number", "name"
    UNIT_MOVED = "unit.moved", "A unit stands below another one.", "before", "after"
    UNIT_RENAMED = "unit.renamed", "A unit has another name or brand name.", "before", "name", "brand_name"
    UNIT_RETIRED = (
        "unit.retired",
        "A unit has ended; its successor answers to its number.",
        "successor",
        "members",
    )
    UNIT_SPLIT = "unit.split", "Members of a unit were put into a new one beside it.", "number", "members"
    VOLUNTEER_CREATED = "volunteer.created", "A person was taken in, and has a number."
    VOLUNTEER_MERGED = "volunteer.merged", "Two records of one person were merged.", "kept", "duplicate"
    VOLUNTEER_REINSTATED = "volunteer.reinstated", "A volunteer is in active service again."
    VOLUNTEER_RETIRED = "volunteer.retired", "A volunteer's service has ended."
    VOLUNTEER_SUSPENDED = "volunteer.suspended", "A volunteer's service rests."
