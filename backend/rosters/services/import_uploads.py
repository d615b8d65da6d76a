"""Keeps uploaded rosters until they have been checked."""

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from uuid6 import uuid7

from backend.accounts.models import User
from backend.lib.errors import TooLarge
from backend.rosters.models import RosterImport
from backend.rosters.reading.files import MAX_BYTES
from backend.rosters.services.imports import imports_folder, receive_import
from backend.volunteers.models import Unit


def keep_upload(
    *, id: UUID, unit: Unit, name: str, file: "UploadedFile[Any]", by: User, at: datetime
) -> RosterImport:
    """Store an uploaded roster and register it as a batch; nothing stays of one that is refused.

    Raises TooLarge, UnreadableRoster, ImportIdTaken.
    """
    if (file.size or 0) > MAX_BYTES:
        raise TooLarge
    path = imports_folder().resolve() / f"{uuid7()}.roster"
    batch = None
    try:
        _write(path, file)
        title = Path(file.name or "").name
        batch = receive_import(id=id, unit=unit, name=name, path=path, file_name=title, by=by, at=at)
        return batch
    finally:
        if batch is None or batch.path != str(path):
            path.unlink(missing_ok=True)


def _write(path: Path, file: "UploadedFile[Any]") -> None:
    path.touch(mode=0o600)
    with path.open("wb") as target:
        for chunk in file.chunks():
            target.write(chunk)
