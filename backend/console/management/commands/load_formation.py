"""Loads the formation from the administrative divisions."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from backend.lib.clock import now
from backend.lib.divisions import places, read_counties, read_divisions, read_towns
from backend.volunteers.models import Unit
from backend.volunteers.services.formation import FormationChanges, load_formation

SHIPPED = Path(__file__).resolve().parents[3] / "volunteers" / "data"
_SHOWN = 20


class Command(BaseCommand):
    help = (
        "Make, rename and move units so that they follow a file of divisions; run it again for a newer file."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file",
            nargs="?",
            type=Path,
            default=SHIPPED / "zhejiang_divisions.csv.gz",
            help="code,name,level,parent_code",
        )
        parser.add_argument(
            "--counties",
            type=Path,
            default=SHIPPED / "zj_county_centres.csv",
            help="where counties lie",
        )
        parser.add_argument(
            "--towns",
            type=Path,
            default=SHIPPED / "zj_town_places.csv",
            help="where towns and villages lie: code,name,lon,lat; those not in it have no place on the map",
        )

    def handle(self, *args: Any, file: Path, counties: Path, towns: Path, **options: Any) -> None:
        try:
            divisions = read_divisions(file)
            known = places(divisions, read_counties(counties), read_towns(towns))
        except (OSError, ValueError, KeyError) as error:
            raise CommandError(f"Cannot read the divisions: {error}") from error
        changes = load_formation(divisions, places=known, at=now(), progress=self._progress)
        self._tell(changes)

    def _progress(self, batches: Iterable[list[Unit]]) -> Iterable[list[Unit]]:
        return tqdm(list(batches), desc="units (thousands)", disable=None)

    def _tell(self, changes: FormationChanges) -> None:
        if not changes:
            self.stdout.write("Nothing has changed.")
        else:
            self.stdout.write(
                f"{changes.created} units made, {len(changes.renamed)} renamed, {len(changes.moved)} moved."
            )
        for title, lines in (
            ("Renamed", changes.renamed),
            ("Moved", changes.moved),
            ("No longer in the file, kept as they are", changes.vanished),
        ):
            for line in lines[:_SHOWN]:
                self.stdout.write(f"{title}: {line}")
            if len(lines) > _SHOWN:
                self.stdout.write(f"{title}: and {len(lines) - _SHOWN} more")
