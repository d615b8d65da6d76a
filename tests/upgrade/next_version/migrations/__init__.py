"""The migrations of `dispatch`, and after them those of the next version."""

from pkgutil import iter_modules

from backend.dispatch import migrations

PRESENT = max(module.name for module in iter_modules(migrations.__path__))
__path__ = [*__path__, *migrations.__path__]
