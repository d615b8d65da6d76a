"""What happens to those who join a unit or change it."""

from uuid import UUID

from backend.joining.models import ApplicationStatus
from backend.joining.schemas import TransferOut
from backend.realtime.events import Event


class TransferChanged(Event, type="transfer.changed", topics=("unit", "person")):
    """A transfer was proposed, done, declined or withdrawn. Sent to the leaders of both units, and to the volunteer."""

    transfer: TransferOut


class ApplicationChanged(Event, type="application.changed", topics=("unit",)):
    """A person applied to the unit, or an application was decided. Sent to its leaders, without a name."""

    application: UUID
    status: ApplicationStatus
