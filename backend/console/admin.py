"""The operators' read-only site: the state of the installation, without names, phones or places of people.

No row can be changed here: every change is an act of a service, which checks, records and announces it.
"""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest

from backend.accounts.models import Device
from backend.audit.models import Entry, Head
from backend.numbers.models import NumberBlock
from backend.numbers.queries.number_use import is_short, share_of
from backend.privacy.models import RetentionRun
from backend.rosters.models import RosterImport
from backend.volunteers.models import NumberCounter, Post, Series, Unit, Volunteer

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Model]
else:
    ModelAdmin = admin.ModelAdmin

admin.site.unregister(Group)


_OFFERED = ("", "__exact", "__isnull")
"""The parameters of the address by which the filters of a list name their columns."""


class LookOnly(ModelAdmin):
    """A read-only list of one model; `fields` lists the columns that are shown."""

    show_full_result_count = False
    list_per_page = 50
    actions = None
    ordering: ClassVar[Any] = ("-pk",)

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:  # noqa: ARG002  # Django's
        """Allow only the filters of `list_filter`.

        Django allows every column of the row: with `name__startswith` an operator could find a name letter by letter.
        """
        return lookup in {f"{field}{part}" for field in self.list_filter for part in _OFFERED}

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:  # noqa: ARG002
        """Address rows by their key alone: another column would reveal whether a person with that value exists."""
        return to_field == self.opts.pk.name

    def has_module_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  # Django's
        """Show the model to every operator on the site."""
        return True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Show the rows to every operator on the site."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Forbid additions."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Forbid changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Forbid deletions."""
        return False


@admin.register(Unit)
class Units(LookOnly):
    """The formation, in the order of the tree."""

    ordering = ("path",)
    list_display = ("number", "display_name", "kind", "partner_code", "retired_at")
    list_filter = ("kind", "partner_code")
    search_fields = ("=number", "display_name__startswith")
    fields = (
        *(
            "number",
            "official_name",
            "display_name",
            "brand_name",
            "kind",
            "kind_of_partner",
            "division_code",
        ),
        *("zone", "retired_at"),
    )


@admin.register(Volunteer)
class Volunteers(LookOnly):
    """People by number: the state of their service, without names."""

    list_display = ("number", "standing", "standing_since", "erased_at")
    list_filter = ("standing",)
    search_fields = ("=number",)
    fields = (
        "number",
        "standing",
        "standing_since",
        "standing_until",
        "duty_since",
        "duty_until",
        "erased_at",
    )


@admin.register(Post)
class Posts(LookOnly):
    """The holders of offices."""

    list_display = ("number", "role", "unit_number", "from_at", "until_at")
    list_filter = ("role",)
    list_select_related = ("volunteer", "unit")
    search_fields = ("=volunteer__number", "=unit__number")
    fields = ("number", "role", "unit_number", "seat", "from_at", "until_at")
    readonly_fields = fields

    @admin.display(description="number")
    def number(self, post: Post) -> int:
        """Return the holder's number."""
        return post.volunteer.number

    @admin.display(description="unit")
    def unit_number(self, post: Post) -> str:
        """Return the unit's number."""
        return post.unit.number


@admin.register(Device)
class Devices(LookOnly):
    """The devices that people are signed in on."""

    ordering = ("-last_seen_at",)
    list_display = ("number", "platform", "created_at", "last_seen_at", "revoked_at")
    list_filter = ("platform",)
    list_display_links = None  # a row has no page of its own
    list_select_related = ("user__volunteer",)
    search_fields = ("=user__volunteer__number",)
    fields = list_display
    readonly_fields = fields

    @admin.display(description="number")
    def number(self, device: Device) -> int:
        """Return the number of the device's owner."""
        return device.user.volunteer.number


@admin.register(RosterImport)
class Imports(LookOnly):
    """Rosters that were brought in."""

    ordering = ("-made_at",)
    list_display = ("name", "status", "accepted", "duplicates", "rejected", "made_at", "worker")
    list_filter = ("status",)
    fields = (
        *("id", "name", "file_name", "file_size", "status", "rows_total", "rows_done", "numbered_to"),
        *("accepted", "duplicates", "rejected", "remarks", "failure", "made_at", "finished_at", "undone_at"),
        *("worker", "worker_until"),
    )


@admin.register(NumberBlock)
class Blocks(LookOnly):
    """Numbers that units hold for days without a network."""

    ordering = ("-made_at",)
    list_display = ("id", "size", "used", "made_at", "returned_at")
    fields = list_display


@admin.register(NumberCounter)
class Counters(LookOnly):
    """The used share of the volunteer numbers, without the key that scatters them."""

    list_display = ("series", "used", "share", "is_short")
    fields = list_display
    readonly_fields = fields

    @admin.display(description="series")
    def series(self, counter: NumberCounter) -> str:
        """Return the series of the numbers."""
        return Series(counter.pk).name.lower()

    @admin.display(description="share")
    def share(self, counter: NumberCounter) -> str:
        """Return the share of the series that was issued."""
        return f"{share_of(Series(counter.pk), counter.used):.1%}"

    @admin.display(description="half used up", boolean=True)
    def is_short(self, counter: NumberCounter) -> bool:
        """Tell whether at least half of the series is used."""
        return is_short(Series(counter.pk), counter.used)


@admin.register(Entry)
class Entries(LookOnly):
    """The record of acts."""

    list_display = ("id", "at", "act", "subject", "post", "day", "position")
    search_fields = ("=subject",)
    fields = ("act", "subject", "post", "at", "details", "day", "position", "link")


@admin.register(Head)
class Heads(LookOnly):
    """The signed heads of the record."""

    list_display = ("number", "day", "count", "closed", "at", "key")
    fields = ("number", "day", "count", "closed", "at", "key", "link", "previous", "signature")


@admin.register(RetentionRun)
class Deleted(LookOnly):
    """The deletions of the clock."""

    ordering = ("-day", "kind")
    list_display = ("day", "kind", "deleted", "last_at")
    list_filter = ("kind",)
    fields = list_display
