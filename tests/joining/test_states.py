"""Applications and transfers are decided once."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from backend.accounts.models import User
from backend.joining.models import Application, ApplicationStatus, Transfer, TransferStatus
from backend.lib.states import IllegalChange
from backend.volunteers.models import Volunteer

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)

APPLICATIONS: dict[str, Callable[[Application], None]] = {
    "approved": lambda one: one.approve(volunteer=Volunteer(), by=User(), at=AT),
    "rejected": lambda one: one.reject(reason="too far", by=User(), at=AT),
    "withdrawn": lambda one: one.withdraw(at=AT),
}
TRANSFERS: dict[str, Callable[[Transfer], list[str]]] = {
    "done": lambda one: one.carry_out(by=User(), at=AT),
    "declined": lambda one: one.decline(by=User(), at=AT),
    "withdrawn": lambda one: one.withdraw(by=User(), at=AT),
}


@pytest.mark.parametrize("before", ApplicationStatus.values)
@pytest.mark.parametrize("after", APPLICATIONS)
def test_an_application_is_decided_once(before: str, after: str) -> None:
    application = Application(status=before, password="hashed")
    if before != "pending":
        with pytest.raises(IllegalChange):
            APPLICATIONS[after](application)
        assert (application.status, application.password, application.decided_at) == (before, "hashed", None)
        return
    assert application.is_waiting
    APPLICATIONS[after](application)
    assert (application.status, application.decided_at, application.password) == (after, AT, "")


@pytest.mark.parametrize("before", TransferStatus.values)
@pytest.mark.parametrize("after", TRANSFERS)
def test_a_transfer_is_decided_once(before: str, after: str) -> None:
    transfer = Transfer(status=before)
    if before != "proposed":
        with pytest.raises(IllegalChange):
            TRANSFERS[after](transfer)
        assert (transfer.status, transfer.decided_at) == (before, None)
        return
    assert transfer.is_waiting
    assert TRANSFERS[after](transfer) == ["status", "decided_by", "decided_at"]
    assert (transfer.status, transfer.decided_at, transfer.is_done) == (after, AT, after == "done")
