"""Builds units: one below another, or a formation in two statements."""

from dataclasses import dataclass
from typing import Any

from factory.declarations import LazyAttribute, SelfAttribute
from factory.django import DjangoModelFactory

from backend.volunteers.models import Unit, UnitCount, UnitKind
from backend.volunteers.number_scheme import unit_number

LEVELS = (UnitKind.HEADQUARTERS, UnitKind.CORPS, UnitKind.DETACHMENT, UnitKind.BRIGADE, UnitKind.SQUADRON)


class UnitFactory(DjangoModelFactory[Unit]):
    """A unit of these serials below a parent, or a root: `UnitFactory.create(below=corps, serials=(7, 26))`."""

    class Meta:
        model = Unit
        exclude = ("serials",)

    serials: Any = ()
    kind = LazyAttribute(lambda unit: LEVELS[len(unit.serials)])
    number = LazyAttribute(lambda unit: unit_number(*unit.serials))
    display_name = LazyAttribute(lambda unit: f"{unit.kind} {unit.number}")
    official_name = SelfAttribute("display_name")
    lon = 119.89
    lat = 29.45

    @classmethod
    def _create(cls, model_class: type[Unit], *args: Any, below: Unit | None = None, **fields: Any) -> Unit:
        new = model_class(**fields)
        if below is None:
            made: Unit = model_class.objects.add_root(instance=new)
        else:
            made = model_class.objects.add_child(model_class.objects.get(pk=below.pk), instance=new)
        return made


@dataclass(frozen=True)
class Formation:
    """Headquarters → corps → detachment → two brigades; squadrons A and B in the first, C in the other."""

    headquarters: Unit
    corps: Unit
    detachment: Unit
    brigade: Unit
    other_brigade: Unit
    squadron_a: Unit
    squadron_b: Unit
    squadron_c: Unit


def make_formation() -> Formation:
    """Make a formation with at least one unit of every level."""
    tree = Tree()
    headquarters = tree.place(None, "总指挥部")
    corps = tree.place(headquarters, "金华市", 7)
    detachment = tree.place(corps, "浦江县", 7, 26)
    brigade = tree.place(detachment, "浦阳街道", 7, 26, 1)
    other_brigade = tree.place(detachment, "黄宅镇", 7, 26, 2)
    formation = Formation(
        headquarters=headquarters,
        corps=corps,
        detachment=detachment,
        brigade=brigade,
        other_brigade=other_brigade,
        squadron_a=tree.place(brigade, "文溪社区", 7, 26, 1, 1),
        squadron_b=tree.place(brigade, "江滨社区", 7, 26, 1, 2),
        squadron_c=tree.place(other_brigade, "桂花明堂村", 7, 26, 2, 1),
    )
    tree.save()
    return formation


class Tree:
    """Places units, and saves them with their counts in two statements: a third of all tests was this."""

    def __init__(self) -> None:
        self._roots = Unit.objects.filter(depth=1).count()
        self._units: list[Unit] = []

    def place(self, parent: Unit | None, name: str, *serials: int, **fields: Any) -> Unit:
        """Place a unit below a parent of this tree that is not saved yet, or as a root."""
        unit = UnitFactory.build(serials=serials, display_name=name, **fields)
        if parent is None:
            self._roots += 1
            unit.depth, unit.path = 1, Unit._get_path(None, 1, self._roots)  # treebeard has no other
        else:
            parent.numchild += 1
            unit.depth = parent.depth + 1
            unit.path = Unit._get_path(parent.path, unit.depth, parent.numchild)
        self._units.append(unit)
        return unit

    def save(self) -> None:
        """Save what was placed."""
        Unit.objects.bulk_create(self._units)
        UnitCount.objects.bulk_create([UnitCount(unit=unit, path=unit.path) for unit in self._units])
