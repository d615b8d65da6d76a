"""Merges two records of the same person: one is kept, the number of the other leads to it."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import Act, acting
from backend.accounts.locks import lock_devices
from backend.accounts.models import User
from backend.accounts.services.closing import close_merged
from backend.accounts.services.devices import end_easy_sign_ins
from backend.accounts.services.phones import move_phone
from backend.lib.errors import NotAllowed, Refusal, require
from backend.realtime import keys
from backend.realtime.access import access_changed, move_changes
from backend.volunteers import hooks
from backend.volunteers.acts import Acts
from backend.volunteers.events import RecordMerged
from backend.volunteers.locks import volunteers_to_lock
from backend.volunteers.models import NumberAlias, Purpose, Role, Volunteer
from backend.volunteers.queries.numbers import volunteer_by_number
from backend.volunteers.rules import holds_post, may_give, may_look_after, may_manage_wholly, may_see_person
from backend.volunteers.services.consents import withdraw_for
from backend.volunteers.services.counts import recount_around
from backend.volunteers.services.ends import BeyondOwnPost, lasting
from backend.volunteers.services.roster import refresh_roster


class NotMergeable(Refusal):
    """These two records cannot be merged; `detail` says why."""

    slug = "not-mergeable"
    text = _("These two records cannot be merged.")


@transaction.atomic
def merge_volunteers(*, kept: int, duplicate: int, by: User, at: datetime) -> Volunteer:
    """Merge the record with the number `duplicate` into the one with the number `kept`, which is returned.

    Memberships, posts, skills and papers move. A missing phone, identity card or date of birth moves too; the person
    has to confirm the last two. The consents of the duplicate end, its transfers are withdrawn, its picture is
    deleted, its account is closed, and its devices are signed out. Both are told. What it did (answers, tracks, acts)
    stays in its name. Locks both, the older first. Idempotent: the same again changes nothing.

    Raises NotFound and NotMergeable. Raises NotAllowed for the caller's own record. It is raised too unless `by` ranks
    no lower and manages every unit that either record belongs to or holds a post in. Raises BeyondOwnPost for a post
    that lasts longer than those of `by`, or than one that stands in: otherwise a caller would hand on posts by merging
    that the caller cannot give.
    """
    for number in (kept, duplicate):
        require(may_see_person(by, volunteer_by_number(number), at))
    one, other = _locked(kept, duplicate)
    if one.pk != other.pk and other.merged_into_id == one.pk:
        return one
    require(by.pk not in {one.user_id, other.user_id}, NotAllowed)
    if one.merged_into_id or other.merged_into_id:  # before their units are looked for: they have none left
        raise NotMergeable("One of the records was merged into another before.")
    require(all(may_manage_wholly(by, record_of, at) for record_of in (one, other)), NotAllowed)
    grant = require(may_look_after(by, one, at) or may_look_after(by, other, at))
    for post in lasting(at).filter(volunteer=other).select_related("unit"):
        given = require(may_give(by, post.unit, Role(post.role), post.until_at, at), BeyondOwnPost)
        require(not given.is_acting, BeyondOwnPost)  # it would outlive the post that stands in
    _check(one, other)
    with acting(by=by, at=at, grant=grant) as act:
        _merge(one, other, act)
        _tell(one, other, by, act)
    return one


def _merge(one: Volunteer, other: Volunteer, act: Act) -> None:
    """Give all that a record has to the one that is kept, and close it."""
    hooks.merging(one, other, act=act)
    other.duty_since = other.duty_until = None
    withdraw_for(other, list(Purpose), act=act)
    _move(one, other, act.at)
    access_changed([one.topic], at=act.at)
    move_changes(other.topic, one.topic)
    _move_papers(one, other)
    keys.move(other.number, one.number)
    _close(other, into=one, act=act)
    if holds_post(one.user, act.at):
        end_easy_sign_ins(one.user, act=act)
    numbers = {"kept": f"{one.number:08d}", "duplicate": f"{other.number:08d}"}
    act.record(Acts.VOLUNTEER_MERGED, f"volunteer.{one.pk}", **numbers)


def _tell(one: Volunteer, other: Volunteer, by: User, act: Act) -> None:
    """Tell both records' devices what has become of them."""
    number, duplicate = f"{one.number:08d}", f"{other.number:08d}"
    merged = RecordMerged(number=number, duplicate=duplicate, by=f"{by.volunteer.number:08d}")
    for record_of in (one, other):
        act.tell(record_of.topic, merged)


def _locked(kept: int, duplicate: int) -> tuple[Volunteer, Volunteer]:
    """Return both records, locked; a record that was merged before is returned itself, not the one it leads to."""
    own = dict(Volunteer.objects.filter(number__in=[kept, duplicate]).values_list("number", "pk"))
    keys = [volunteer_by_number(kept).pk, own.get(duplicate) or volunteer_by_number(duplicate).pk]
    lock_devices(Volunteer.objects.filter(pk__in=keys).values_list("user", flat=True))
    rows = {
        row.pk: row for row in volunteers_to_lock().select_related("user").filter(pk__in=keys).order_by("pk")
    }
    return rows[keys[0]], rows[keys[1]]


def _check(one: Volunteer, other: Volunteer) -> None:
    if one.pk == other.pk:
        raise NotMergeable("Both numbers are the same person's already.")
    if one.is_suspended or other.is_suspended:
        raise NotMergeable("One of the records is suspended; decide about that first.")
    if one.has_retired and not other.has_retired:
        raise NotMergeable("The record that would be kept has retired; keep the other one.")


def _move(one: Volunteer, other: Volunteer, at: datetime) -> None:
    """Move what a record has to the one that is kept; a merge does not bring back a volunteer who had retired."""
    if other.has_retired and not one.has_retired:
        other.memberships.all().delete()
    units = set(one.memberships.values_list("unit", flat=True))
    has_primary = one.memberships.filter(is_primary=True).exists()
    for membership in other.memberships.all():
        if membership.unit_id in units:
            membership.delete()
            continue
        membership.volunteer, membership.is_primary = one, membership.is_primary and not has_primary
        membership.save(update_fields=["volunteer", "is_primary"])
    other.posts.update(volunteer=one)
    one.skills.add(*other.skills.all())
    other.skills.clear()
    other.aliases.update(volunteer=one)
    Volunteer.objects.filter(merged_into=other).update(merged_into=one)
    NumberAlias.objects.create(number=other.number, volunteer=one)
    move_phone(to=one.user, of=other.user, at=at)
    _move_identity(one, other)


def _move_papers(one: Volunteer, other: Volunteer) -> None:
    """Move a person's papers, past consents and looks; also a plan, where the kept record has none."""
    for rows in (other.credentials, other.guardians, other.consents):
        rows.update(volunteer=one)
    same = one.looks.filter(hour=OuterRef("hour"), viewer=OuterRef("viewer"), what=OuterRef("what"))
    other.looks.exclude(Exists(same)).exclude(viewer=one.user).update(subject=one)
    other.looks.all().delete()
    if not one.weekly_availability.exists() and not one.dated_availability.exists():
        other.weekly_availability.update(volunteer=one)
        other.dated_availability.update(volunteer=one)
    other.weekly_availability.all().delete()
    other.dated_availability.all().delete()


def _move_identity(one: Volunteer, other: Volunteer) -> None:
    """Move an identity card and a date of birth that were missing; the person has to confirm them."""
    columns = ["id_card_sealed", "id_card_key"]
    sealed, key = other.id_card_sealed, other.id_card_key
    other.id_card_sealed, other.id_card_key = "", None
    other.save(update_fields=columns)
    if key and not one.id_card_key:
        one.id_card_sealed, one.id_card_key, one.identity_to_confirm = sealed, key, True
    if other.born_on and not one.born_on:
        one.born_on, one.identity_to_confirm = other.born_on, True
    one.save(update_fields=[*columns, "born_on", "identity_to_confirm"])


def _close(other: Volunteer, *, into: Volunteer, act: Act) -> None:
    """Close a merged record with its account: no person signs in with it, or is on duty under its number."""
    other.save(update_fields=other.close(into=into))
    close_merged(other.user, act=act)
    refresh_roster(volunteers=[into.pk])
    recount_around([into.pk, other.pk], at=act.at)
