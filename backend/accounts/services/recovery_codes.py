"""Recovery codes: made ten at a time, told once, and again for minutes to the device that asked; each opens once."""

from datetime import datetime
from uuid import UUID

from backend.accounts import codes, hooks
from backend.accounts.acting import Act
from backend.accounts.acts import Acts
from backend.accounts.models import RecoveryCode, User
from backend.accounts.schemas.second_factors import RecoveryCodes
from backend.accounts.services.once import given_once
from backend.lib.encryption import KeyMissing, seal, unseal
from backend.realtime import keys

AT_ONCE = 10


def made_before(user: User, shown: str, device: UUID, at: datetime) -> RecoveryCodes | None:
    """Return the codes that were made when this device showed this code, while they count; the user is locked."""
    row = keys.find(_once(user, shown, device), at=at)
    if row is None:
        return None
    try:
        told = RecoveryCodes.model_validate_json(unseal(row.sealed, _seal_of(row.key)))
    except KeyMissing:
        return None
    counting = RecoveryCode.objects.filter(user=user, code_key__in=[_key_of(code) for code in told.codes])
    return told if counting.count() == len(told.codes) else None


def make_recovery_codes(
    user: User, shown: str, device: UUID, act: Act, *, trust_secret: str | None = None
) -> RecoveryCodes:
    """Make new codes for the person who showed a code on a device; the old ones are void. The user is locked.

    What is told, the secret of the device as well, is sealed for the device that shows the same again.
    """
    told = [codes.recovery_code() for _ in range(AT_ONCE)]
    made = RecoveryCodes(codes=told, trust_secret=trust_secret)
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, code_key=_key_of(code)) for code in made.codes])
    claim = keys.claim(_once(user, shown, device), at=act.at, kept=keys.BRIEFLY)
    keys.note(claim.row.pk, sealed=seal(made.model_dump_json(), _seal_of(claim.row.key)))
    act.record(Acts.RECOVERY_CODES_MADE, f"user.{user.pk}")
    return made


def take_recovery_code(user: User, code: str, act: Act) -> bool:
    """Spend a code; tells whether it was one."""
    taken = RecoveryCode.objects.unused().filter(user=user, code_key=_key_of(code)).update(used_at=act.at)
    if taken:
        act.record(Acts.RECOVERY_CODE_USED, f"user.{user.pk}")
    return bool(taken)


def _once(user: User, shown: str, device: UUID) -> keys.Asked:
    return given_once(hooks.number_of(user), "recovery_codes", device, codes.plain(shown))


def _seal_of(key: UUID) -> str:
    return f"recovery codes {key.hex}"  # the key is made of the device, and of what it has shown


def _key_of(code: str) -> str:
    return codes.key_of(code, "recovery")
