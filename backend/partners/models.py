"""What partner organisations are, and what they show of their people to those above."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.volunteers.models import Unit


class Shares(models.TextChoices):
    """How much of a partner's people the posts above its unit see."""

    CONTACT = "contact", _("Only a contact and the head-count")
    ALL = "all", _("Its people, as of every unit")


class Sharing(models.Model):
    """What a partner shows of its unit and of those below. A partner without a row has had no leader yet.

    Whether its people are shown is read from `Unit.closed_depth` everywhere; this row is what that follows from.
    """

    unit = models.OneToOneField(Unit, on_delete=models.PROTECT, primary_key=True, related_name="sharing")
    shares = models.CharField(max_length=10, choices=Shares.choices)
    contact_name = models.CharField(max_length=80, blank=True, help_text="empty: its leader")
    contact_phone = models.CharField(max_length=40, blank=True)
    chosen_at = models.DateTimeField(null=True, help_text="null: as it began, nothing was chosen yet")


DEFAULT_KINDS = (
    ("security_committee", "Security committee of a village or community", "村（社区）治保会"),
    ("militia", "Militia", "民兵"),
    ("town_patrol", "Full-time town patrol team", "专职巡防队"),
    ("village_patrol", "Village volunteer patrol", "村义务巡逻队"),
    ("council_of_worthies", "Council of village worthies", "乡贤理事会"),
    ("security_service", "Security-service company", "保安服务公司"),
    ("property", "Property company", "物业公司"),
    ("enterprise", "Enterprise team", "企业队伍"),
    ("company", "Company", "公司"),
    ("factory_guard", "Factory guard", "厂区护卫队"),
    ("school", "School", "学校"),
    ("school_guard", "School guard", "护校队"),
    ("bureau", "Bureau", "机关部门"),
    ("medical", "Medical team", "医疗队"),
    ("rescue", "Rescue organisation", "救援组织"),
    ("famous_team", "Famous named team", "品牌队伍"),
)
"""Code, and names in English and Chinese, in the order of lists, of the kinds that every installation begins with."""


class Kind(models.Model):
    """A kind of partner that the operator has added, or another word on one that was there from the beginning."""

    code = models.CharField(
        max_length=20, primary_key=True, validators=[RegexValidator(r"^[a-z][a-z0-9_]*$")]
    )
    name_en = models.CharField(max_length=80)
    name_zh = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(help_text="in lists; of two the code decides")
    in_use = models.BooleanField(default=True, help_text="whether new units may be of this kind")
