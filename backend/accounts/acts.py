"""What is recorded of accounts."""

from backend.audit.acts import ActName


class Acts(ActName):
    """Acts upon accounts, devices and second factors."""

    CODE_SENT = "code.sent", "A code was sent to a person who signs in."
    DEVICE_RECOGNISED = (
        "device.recognised",
        "A renewal that the database had forgotten, by being put back, was taken.",
    )
    DEVICE_REVOKED = "device.revoked", "A device was signed out.", "reason"
    DEVICE_SIGNED_IN = "device.signed_in", "A device was signed in."
    DEVICE_TRUSTED = "device.trusted", "A device is asked for no second factor for 30 days."
    INVITATION_ACCEPTED = "invitation.accepted", "A person has chosen a password by the code on a slip."
    SIGN_IN_CODE_USED = (
        "sign_in_code.used",
        "A device was signed in by a code that a leader has seen.",
        "made_by",
    )
    LANGUAGE_CHOSEN = (
        "language.chosen",
        "A person has chosen the language of pages and notifications.",
        "language",
    )
    OPERATOR_DISMISSED = "operator.dismissed", "A person is no operator any more.", "number"
    OPERATOR_NAMED = "operator.named", "A person looks after the installation from now on.", "number"
    PASSWORD_CHANGED = "password.changed", "A person has changed their password."
    PHONE_SHARED = (
        "phone.shared",
        "A person got a phone that others have too, by the word of a leader.",
        "people",
    )
    PHONES_NORMALISED = "phones.normalised", "Stored phones were brought into today's form.", "changed"
    RECOVERY_CODE_USED = "recovery_code.used", "A recovery code was spent."
    RECOVERY_CODES_MADE = "recovery_codes.made", "Recovery codes were made; the old ones are void."
    SECOND_FACTOR_BEGUN = (
        "second_factor.begun",
        "A secret for an authenticator was made, and counts for nothing yet.",
    )
    SECOND_FACTOR_CONFIRMED = (
        "second_factor.confirmed",
        "An authenticator has shown its first code, and is asked for.",
    )
    SECOND_FACTOR_REMOVED = "second_factor.removed", "An authenticator was taken away.", "reason"
