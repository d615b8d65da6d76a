"""What is recorded of people who join, who are invited, and who go from unit to unit."""

from backend.audit.acts import ActName


class Acts(ActName):
    """Acts upon applications, invitations and transfers."""

    APPLICATION_APPROVED = "application.approved", "A person who applied is a volunteer of the unit.", "unit"
    APPLICATION_FORGOTTEN = (
        "application.forgotten",
        "Applications that were decided long ago were deleted.",
        "count",
    )
    APPLICATION_RECEIVED = "application.received", "A person has applied to a unit.", "unit"
    APPLICATION_REJECTED = "application.rejected", "An application was turned down.", "unit"
    APPLICATION_WITHDRAWN = "application.withdrawn", "A person has taken their application back.", "unit"
    DEVICES_SIGNED_OUT = "devices.signed_out", "A leader has signed a person out on all devices.", "count"
    SIGN_IN_CODE_MADE = (
        "sign_in_code.made",
        "A leader has made a code for a person to sign in by.",
        "ends_others",
    )
    INVITATION_MADE = "invitation.made", "A person was invited to sign in by a code on a slip."
    TRANSFER_DECLINED = "transfer.declined", "A transfer was turned down."
    TRANSFER_DONE = "transfer.done", "A transfer was agreed to, and is done."
    TRANSFER_PROPOSED = "transfer.proposed", "A transfer waits for the other side."
    TRANSFER_WITHDRAWN = "transfer.withdrawn", "A transfer was taken back, or what it rested on has ended."
    VOLUNTEER_RETURNED = "volunteer.returned", "A person who had left every unit is a member again."
    VOLUNTEER_TRANSFERRED = (
        "volunteer.transferred",
        "A volunteer belongs to another unit, or to one more.",
        "from_unit",
        "to_unit",
        "stays",
    )
