"""Every address of the product, on one page."""

from django.urls import URLPattern, URLResolver, include, path

from backend.dispatch import api as dispatch
from backend.realtime import api as realtime
from backend.volunteers import api as volunteers
from backend.volunteers import tracker_api as trackers
from backend.volunteers.api import privacy

v1: list[URLPattern | URLResolver] = [
    path("sign-in", volunteers.SignInDoor.as_view()),
    path("token/refresh", volunteers.RefreshDoor.as_view()),
    path("sign-out", volunteers.SignOutDoor.as_view()),
    path("me", volunteers.MeDoor.as_view()),
    path("me/duty", volunteers.DutyDoor.as_view()),
    path("me/language", volunteers.LanguageDoor.as_view()),
    path("me/devices", volunteers.DevicesDoor.as_view()),
    path("me/devices/<uuid:device_id>", volunteers.DeviceDoor.as_view()),
    path("me/trackers", trackers.TrackersDoor.as_view()),
    path("me/trackers/<uuid:tracker_id>", trackers.TrackerDoor.as_view()),
    path("trackers/owntracks", trackers.OwnTracksDoor.as_view()),
    path("trackers/osmand", trackers.OsmAndDoor.as_view()),
    path("me/inbox", dispatch.InboxDoor.as_view()),
    path("units/<str:number>", volunteers.UnitDoor.as_view()),
    path("units/<str:number>/children", volunteers.UnitChildrenDoor.as_view()),
    path("tasks", dispatch.TasksDoor.as_view()),
    path("tasks/<uuid:task_id>", dispatch.TaskDoor.as_view()),
    path("tasks/<uuid:task_id>/call-outs", dispatch.CallOutsDoor.as_view()),
    path("tasks/<uuid:task_id>/cancel", dispatch.CancelDoor.as_view()),
    path("tasks/<uuid:task_id>/recipients", dispatch.RecipientsDoor.as_view()),
    path("tasks/<uuid:task_id>/units", dispatch.UnitProgressDoor.as_view()),
    path("tasks/<uuid:task_id>/answer", dispatch.AnswerDoor.as_view()),
    path("tasks/<uuid:task_id>/legal-basis", dispatch.LegalBasisDoor.as_view()),
    path("me/consents", privacy.ConsentsDoor.as_view()),
    path("me/consents/<str:purpose>", privacy.ConsentDoor.as_view()),
    path("me/looks", privacy.LooksDoor.as_view()),
    path("me/export", privacy.ExportDoor.as_view()),
    path("me/deletion", privacy.DeletionDoor.as_view()),
    path("volunteers/<str:person>/credentials", privacy.CredentialsDoor.as_view()),
    path("volunteers/<str:person>/credentials/<uuid:credential_id>", privacy.CredentialDoor.as_view()),
    path("volunteers/<str:person>/guardians", privacy.GuardiansDoor.as_view()),
    path("volunteers/<str:person>/guardians/<uuid:guardian_id>", privacy.GuardianDoor.as_view()),
    path("positions", realtime.Positions.as_view()),
    path("catch-up", realtime.CatchUp.as_view()),
    path("receipts", realtime.Receipts.as_view()),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(v1)),
    path("healthz", realtime.Alive.as_view()),
    path("readyz", realtime.Ready.as_view()),
    path("metrics", realtime.Metrics.as_view()),
    path("", include(("backend.console.urls", "console"))),
]

handler404 = "backend.lib.problems.problem_page"
