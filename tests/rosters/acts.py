"""What may be done over REST in rosters, and by whom."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from uuid6 import uuid7

from tests.contract.acts import ALL_200, DIRECTS, LEADER, MANAGES, V1, Act, Names, Right, opens
from tests.contract.doors import World

BOUNDARY = "part"


def _roster(names: Names) -> bytes:
    fields = {'name="id"': str(uuid7()), 'name="name"': "Autumn", 'name="file"; filename="a.csv"': "name\n"}
    parts = [f"--{BOUNDARY}\r\nContent-Disposition: form-data; {k}\r\n\r\n{v}\r\n" for k, v in fields.items()]
    return ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()


def _roster_form(world: World, caller: str) -> dict[str, Any]:
    file = SimpleUploadedFile("roster.csv", "姓名,手机\n王大妈,13800138000\n".encode())
    return {"id": str(uuid7()), "name": "Autumn", "file": file}


ACTS = (
    Act(
        "GET",
        V1 + "units/<str:number>/roster",
        LEADER,
        rights=(Right("see its roster", "units/{unit}/roster", opens(*DIRECTS)),),
    ),
    Act(
        "GET",
        V1 + "units/<str:number>/imports",
        LEADER,
        rights=(Right("see its imports", "units/{unit}/imports", opens(*MANAGES)),),
    ),
    Act(
        "POST",
        V1 + "units/<str:number>/imports",
        {"leader": 201},
        body=_roster_form,
        form=True,
        rights=(
            Right(
                "upload a roster",
                "units/{unit}/imports",
                opens(*MANAGES),
                _roster,
                media=f"multipart/form-data; boundary={BOUNDARY}",
            ),
        ),
    ),
    Act(
        "GET",
        V1 + "units/<str:number>/roster-file",
        LEADER,
        rights=(Right("export its roster", "units/{unit}/roster-file", opens(*MANAGES)),),
    ),
    Act(
        "GET",
        V1 + "imports/<uuid:import_id>",
        LEADER,
        rights=(Right("see an import", "imports/{checked}", opens(*MANAGES)),),
    ),
    Act(
        "GET",
        V1 + "imports/<uuid:import_id>/rows",
        LEADER,
        rights=(Right("see the report of an import", "imports/{checked}/rows", opens(*MANAGES)),),
    ),
    Act(
        "POST",
        V1 + "imports/<uuid:import_id>/start",
        LEADER,
        body=lambda w, c: {},
        rights=(Right("start an import", "imports/{checked}/start", opens(*MANAGES), lambda n: {}),),
    ),
    Act(
        "POST",
        V1 + "imports/<uuid:import_id>/undo",
        LEADER,
        rights=(Right("undo an import", "imports/{imported}/undo", opens(*MANAGES)),),
    ),
    Act(
        "GET",
        V1 + "imports/<uuid:import_id>/differences",
        LEADER,
        rights=(
            Right("see what an import says otherwise", "imports/{imported}/differences", opens(*MANAGES)),
        ),
    ),
    Act(
        "POST",
        V1 + "imports/<uuid:import_id>/differences",
        LEADER,
        body=lambda w, c: {"decision": "leave"},
        rights=(
            Right(
                "take over what an import says otherwise",
                "imports/{imported}/differences",
                opens(*MANAGES),
                lambda n: {"decision": "take"},
            ),
        ),
    ),
    Act(
        "POST",
        V1 + "imports/<uuid:import_id>/differences/<int:difference_id>",
        LEADER,
        body=lambda w, c: {"decision": "take"},
        rights=(
            Right(
                "take over one thing of it",
                "imports/{imported}/differences/{difference}",
                opens(*MANAGES),
                lambda n: {"decision": "take"},
            ),
        ),
    ),
    Act("GET", V1 + "roster-template", ALL_200, own=True),
)
