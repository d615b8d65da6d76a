"""Builders of what tests speak of: units, people, tasks and what is asked of the server.

Each row that tests make by hand is made here, so that a new column has one place. A factory makes the row alone; what
follows from an act is made by the act, in the fixtures.
"""

from tests.builders.bodies import task_body
from tests.builders.formation import Formation, UnitFactory, make_formation
from tests.builders.people import (
    PASSWORD,
    MakeVolunteer,
    VolunteerFactory,
    crowd,
    factory_of_volunteers,
    join,
    posted,
)
from tests.builders.records import (
    ApplicationFactory,
    CredentialFactory,
    GuardianFactory,
    TransferFactory,
)
from tests.builders.tasks import AssignmentFactory, CallOutFactory, NoticeFactory, TaskFactory

__all__ = [
    "PASSWORD",
    "ApplicationFactory",
    "AssignmentFactory",
    "CallOutFactory",
    "CredentialFactory",
    "Formation",
    "GuardianFactory",
    "MakeVolunteer",
    "NoticeFactory",
    "TaskFactory",
    "TransferFactory",
    "UnitFactory",
    "VolunteerFactory",
    "crowd",
    "factory_of_volunteers",
    "join",
    "make_formation",
    "posted",
    "task_body",
]
