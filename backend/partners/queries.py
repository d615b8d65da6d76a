"""Reads kinds of partners, and what they share."""

from datetime import datetime

from django.db.models import Sum

from backend.partners.models import DEFAULT_KINDS, Kind, Shares, Sharing
from backend.partners.schemas import ContactOut, PartnerKindOut, SharingOut
from backend.volunteers.models import Membership, Post, Unit, UnitCount, is_listed
from backend.volunteers.rules import within


def kinds() -> list[Kind]:
    """Return the kinds of partners in their order: those of the beginning and the operator's own; one query."""
    known = {
        code: Kind(code=code, name_en=english, name_zh=chinese, position=10 * place)
        for place, (code, english, chinese) in enumerate(DEFAULT_KINDS, 1)
    }
    known |= {kind.code: kind for kind in Kind.objects.all()}
    return sorted(known.values(), key=lambda kind: (kind.position, kind.code))


def kind_outs() -> list[PartnerKindOut]:
    """Return the kinds as clients see them."""
    return [
        PartnerKindOut(
            code=kind.code, names={"en": kind.name_en, "zh-hans": kind.name_zh}, in_use=kind.in_use
        )
        for kind in kinds()
    ]


def is_in_use(code: str) -> bool:
    """Tell whether new units may be of a kind."""
    return any(kind.code == code and kind.in_use for kind in kinds())


def shared_by(unit: Unit) -> Sharing:
    """Return what a partner shares; before its first leader it keeps nothing back. Not saved where there is no row."""
    shares = Shares.CONTACT if unit.closed_depth else Shares.ALL
    return Sharing.objects.filter(unit=unit).first() or Sharing(unit=unit, shares=shares)


def sharing_out(unit: Unit, *, at: datetime) -> SharingOut:
    """Return what a partner shares, as clients see it; five queries at most."""
    sharing = shared_by(unit)
    counted = UnitCount.objects.filter(path__startswith=unit.path).aggregate(
        members=Sum("members", default=0)
    )
    return SharingOut(
        unit=unit.number,
        shares=Shares(sharing.shares),
        contact=_contact(sharing, at),
        members=max(counted["members"], 0),
        employees=Membership.objects.filter(
            is_listed("volunteer__"), within(unit.path, "unit_path"), is_primary=True, is_employee=True
        ).count(),
        chosen_at=sharing.chosen_at,
    )


def _contact(sharing: Sharing, at: datetime) -> ContactOut | None:
    if sharing.contact_name:
        return ContactOut(name=sharing.contact_name, phone=sharing.contact_phone, volunteer=None)
    posts = Post.objects.in_force(at).managing().filter(unit=sharing.unit)
    post = posts.select_related("volunteer__user").order_by("seat", "pk").first()
    if post is None:
        return None
    leader = post.volunteer
    return ContactOut(name=leader.name, phone=leader.user.phone, volunteer=f"{leader.number:08d}")
