"""Sets the phones of accounts; nothing is recorded: the acts that set them say more."""

from datetime import datetime

from backend.accounts.models import User


def set_phone(user: User, phone: str) -> None:
    """Give a locked account a phone, or none. Raises IntegrityError when another account has it."""
    user.phone = phone
    user.save(update_fields=["phone_sealed", "phone_key", "phone_tail_key"])


def move_phone(*, to: User, of: User, at: datetime) -> None:
    """Move a phone that was missing; it is masked for the account that gets it as if its password were new."""
    phone = of.phone
    set_phone(of, "")
    if phone and not to.phone:
        set_phone(to, phone)
        to.password_set_at = at
        to.save(update_fields=["password_set_at"])
