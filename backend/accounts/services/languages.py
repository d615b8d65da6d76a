"""Keeps the language that a person has chosen."""

from datetime import datetime

from django.db import transaction

from backend.accounts.acting import acting
from backend.accounts.acts import Acts
from backend.accounts.models import User


@transaction.atomic
def choose_language(*, language: str, by: User, at: datetime) -> None:
    """Remember the language that pages and notifications speak to this person; again changes nothing."""
    is_other = User.objects.filter(pk=by.pk).exclude(language=language).update(language=language)
    by.language = language
    if is_other:
        with acting(by=by, at=at) as act:
            act.record(Acts.LANGUAGE_CHOSEN, f"user.{by.pk}", language=language)
