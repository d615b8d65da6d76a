"""Accounts, the devices they are signed in on, and how they sign in."""

from backend.accounts.models.choices import Choice
from backend.accounts.models.invitations import Invitation
from backend.accounts.models.second_factors import Challenge, RecoveryCode, SecondFactor, TrustedDevice
from backend.accounts.models.sign_in_codes import SignInCode
from backend.accounts.models.users import (
    MOST_OF_PHONE,
    PHONE_COLUMNS,
    PHONE_TAIL,
    Device,
    Platform,
    SignedOutBy,
    User,
    UserManager,
    family_of,
    is_live,
    ordinary_lifetimes,
    phone_key,
    phone_keys,
    phone_tail_key,
)

__all__ = [
    "MOST_OF_PHONE",
    "PHONE_COLUMNS",
    "PHONE_TAIL",
    "Challenge",
    "Choice",
    "Device",
    "Invitation",
    "Platform",
    "RecoveryCode",
    "SecondFactor",
    "SignInCode",
    "SignedOutBy",
    "TrustedDevice",
    "User",
    "UserManager",
    "family_of",
    "is_live",
    "ordinary_lifetimes",
    "phone_key",
    "phone_keys",
    "phone_tail_key",
]
