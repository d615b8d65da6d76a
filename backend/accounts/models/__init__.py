"""Accounts, the devices they are signed in on, and how they sign in."""

from backend.accounts.models.invitations import Invitation
from backend.accounts.models.second_factors import Challenge, RecoveryCode, SecondFactor, TrustedDevice
from backend.accounts.models.users import (
    PHONE_TAIL,
    Device,
    SignedOutBy,
    User,
    UserManager,
    phone_key,
    phone_tail_key,
)

__all__ = [
    "PHONE_TAIL",
    "Challenge",
    "Device",
    "Invitation",
    "RecoveryCode",
    "SecondFactor",
    "SignedOutBy",
    "TrustedDevice",
    "User",
    "UserManager",
    "phone_key",
    "phone_tail_key",
]
