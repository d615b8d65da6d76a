"""Finds the sealed columns: every text field whose name ends in `_sealed`; what stands before is its kind."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models

from backend.lib.sealed import SUFFIX


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of texts that `backend.lib.encryption` has sealed as of one kind."""

    model: type[models.Model]
    field: str

    @property
    def kind(self) -> str:
        """What the texts are: `phone`, `id_card`."""
        return self.field.removesuffix(SUFFIX)

    @property
    def name(self) -> str:
        """The table and the column, for people."""
        return f"{self.model.__name__}.{self.field}"

    @property
    def rows(self) -> Any:
        """The rows that hold something sealed."""
        return self.model._default_manager.exclude(**{self.field: ""})  # noqa: SLF001  # for code that knows no model


def sealed_columns() -> list[SealedColumn]:
    """Return every sealed column of the product, also those that came after this was written."""
    return [
        SealedColumn(model, field.name)
        for model in apps.get_models()
        if model.__module__.startswith("backend.")
        for field in model._meta.get_fields()  # noqa: SLF001  # the documented way to a model's fields
        if isinstance(field, models.CharField | models.TextField) and field.name.endswith(SUFFIX)
    ]
