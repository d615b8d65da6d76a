"""Empties the sealed columns of a row: the text fields whose names end in `_sealed`, after what their kind is."""

from django.db.models import Model

SUFFIX = "_sealed"


def empty_sealed(row: Model) -> None:
    """Empty every sealed column, also those added later, and the key by which it is found. Saves nothing."""
    names = {field.name for field in row._meta.concrete_fields}  # noqa: SLF001  # the documented way to a model's fields
    for name in names:
        if name.endswith(SUFFIX):
            setattr(row, name, "")
            key = f"{name.removesuffix(SUFFIX)}_key"
            if key in names:
                setattr(row, key, None)
