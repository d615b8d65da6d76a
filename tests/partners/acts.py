"""What may be done over REST with kinds of partners, and what these share: never of squadron A, which is none."""

from tests.contract.acts import ALL_200, V1, Act

SHARING = V1 + "units/<str:number>/sharing"

# Only of a partner's topmost unit; tests/partners/test_sharing.py tries all callers there.
ACTS = (
    Act("GET", V1 + "partner-kinds", ALL_200, own=True),
    Act("GET", SHARING, {}, own=True),
    Act(
        "PUT",
        V1 + "units/<str:number>/members/<str:person>/employment",
        {},
        body=lambda world, caller: {"employee": True},
        own=True,
    ),
    Act("PUT", SHARING, {}, body=lambda world, caller: {"shares": "all"}, own=True),
)
