"""Says what depends on the people of an imported batch: it is taken out of the roster again while nothing does."""

from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import models

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.rosters.models import Difference, RosterImport
from backend.volunteers.models import AccessEntry, Membership, Volunteer, in_service


def dependents_of(batch: RosterImport) -> dict[str, int]:
    """Return what has been done with a batch's people since, by name, with how often; empty when nothing has.

    Every reference to them in the database counts, in this app or above it, without being named here. So does every act
    on one of them in the record, a sign-in, a password, duty, and a second unit. A look at them does not count: a
    leader who sees in the roster that it was the wrong file must be able to take it out.
    """
    people = Volunteer.objects.filter(batch_id=batch.pk)
    found = {
        "acts in the record": _acts_on(people),
        "suspended or retired": people.exclude(in_service()).count(),
        "on duty": people.exclude(duty_since=None).count(),
        "with a password": User.objects.filter(volunteer__batch_id=batch.pk)
        .exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
        .count(),
        "signed in": User.objects.filter(volunteer__batch_id=batch.pk).exclude(last_login=None).count(),
        "other units": Membership.objects.filter(volunteer__batch_id=batch.pk, is_primary=False).count(),
    }
    for relation in _relations(Volunteer) + _relations(User):
        name = str(relation.related_model._meta.verbose_name)  # noqa: SLF001
        of_batch = people.values("user_id" if relation.model is User else "pk")
        rows = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": of_batch})  # noqa: SLF001
        found[name] = found.get(name, 0) + rows.count()
    return {name: count for name, count in found.items() if count}


def _relations(model: type[models.Model]) -> list[Any]:
    """Return what refers to a model, but for what an import itself writes, looks, and what other files say."""
    own = {AccessEntry, Difference, Membership, Volunteer, Volunteer.skills.through}
    return [
        relation
        for relation in model._meta.get_fields(include_hidden=True)  # noqa: SLF001  # documented
        if relation.auto_created and not relation.concrete and relation.related_model not in own
    ]


def _acts_on(people: models.QuerySet[Volunteer]) -> int:
    """Count the lines of the record whose subject is one of the people."""
    subject = models.functions.Concat(
        models.Value("volunteer."), models.functions.Cast("pk", models.CharField(max_length=20))
    )
    return Entry.objects.filter(subject__in=people.annotate(subject=subject).values("subject")).count()
