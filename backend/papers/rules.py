"""The rules of occasions and of their desks."""

from datetime import datetime

from django.db.models import Q

from backend.accounts.models import User
from backend.papers.models import Occasion, Policy
from backend.volunteers.grants import DENIED, Grant
from backend.volunteers.models import Credential, CredentialKind, Post, Role, Volunteer
from backend.volunteers.rules import current_posts, may_by, may_manage, within


def may_see_occasion(user: User, occasion: Occasion, at: datetime) -> bool:
    """Those who dispatch in its unit, above or below, and its desks: the tasks of units below name it as well."""
    near = Q(unit__path__in=occasion.unit.line_inside) | within(occasion.unit.path, "unit__path")
    posts = current_posts(user.pk, at)
    return posts.dispatching().filter(near).exists() or bool(may_attest(user, occasion, at))


def may_command(user: User, occasion: Occasion, at: datetime) -> Grant:
    """Commanders of its unit, or of one above, close an occasion and name its desks."""
    return may_by(user, occasion.unit, at, (Role.COMMANDER,))


def may_attest(user: User, occasion: Occasion, at: datetime) -> Grant:
    """Holders of the posts that the commander has named as desks of this occasion; no other post attests an age."""
    desks = occasion.desks.named().values("post")
    held: Post | None = current_posts(user.pk, at).filter(pk__in=desks).select_related("unit").first()
    return Grant(held)


def may_enter(user: User, occasion: Occasion, at: datetime) -> Grant:
    """Desks of the occasion, and those who look after its unit."""
    return may_attest(user, occasion, at) or may_manage(user, occasion.unit, at)


def may_insure(user: User, policy: Policy, at: datetime) -> Grant:
    """Those who look after the policy's unit, and the desks of its occasion."""
    desk = may_attest(user, policy.occasion, at) if policy.occasion else DENIED
    return desk or may_manage(user, policy.unit, at)


def may_train(trainer: Volunteer, occasion: Occasion, at: datetime) -> bool:
    """Volunteers by a post that manages the occasion's unit, and volunteers with a training of their own in force.

    A briefing makes no trainer: it is no credential.
    """
    managing = (
        Post.objects.in_force(at).managing().filter(volunteer=trainer, unit__path__in=occasion.unit.line)
    )
    trained = Credential.objects.good(at).filter(volunteer=trainer, kind=CredentialKind.TRAINING)
    return trainer.is_in_service and (managing.exists() or trained.exists())
