"""Every address of the product, on one page."""

from django.urls import URLPattern, URLResolver, include, path

from backend.dispatch import api as dispatch
from backend.realtime import api as realtime
from backend.volunteers import api as volunteers
from backend.volunteers import tracker_api as trackers
from backend.volunteers.api import applications, formation, imports, lives, numbers, posts

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
    path("applications", applications.ApplicationsDoor.as_view()),
    path("applications/<uuid:application_id>/withdraw", applications.WithdrawApplicationDoor.as_view()),
    path("applications/<uuid:application_id>/approve", applications.ApproveApplicationDoor.as_view()),
    path("applications/<uuid:application_id>/reject", applications.RejectApplicationDoor.as_view()),
    path("volunteers/<str:number>/suspend", lives.SuspendDoor.as_view()),
    path("volunteers/<str:number>/reinstate", lives.ReinstateDoor.as_view()),
    path("volunteers/<str:number>/retire", lives.RetireDoor.as_view()),
    path("volunteers/<str:number>/units/<str:unit>", lives.MembershipDoor.as_view()),
    path("volunteers/<str:number>/primary-unit", lives.PrimaryUnitDoor.as_view()),
    path("transfers", lives.TransfersDoor.as_view()),
    path("transfers/<uuid:transfer_id>/accept", lives.AcceptTransferDoor.as_view()),
    path("transfers/<uuid:transfer_id>/decline", lives.DeclineTransferDoor.as_view()),
    path("transfers/<uuid:transfer_id>/withdraw", lives.WithdrawTransferDoor.as_view()),
    path("units", formation.UnitsDoor.as_view()),
    path("units/<str:number>/move", formation.MoveUnitDoor.as_view()),
    path("units/<str:number>/split", formation.SplitUnitDoor.as_view()),
    path("units/<str:number>/merge", formation.MergeUnitDoor.as_view()),
    path("units/<str:number>/retire", formation.RetireUnitDoor.as_view()),
    path("units/<str:number>/emblem", formation.EmblemDoor.as_view()),
    path("units/<str:number>/applications", applications.UnitApplicationsDoor.as_view()),
    path("units/<str:number>/posts", posts.PostsDoor.as_view()),
    path("posts/<int:post_id>", posts.PostDoor.as_view()),
    path("units/<str:number>", volunteers.UnitDoor.as_view()),
    path("units/<str:number>/children", volunteers.UnitChildrenDoor.as_view()),
    path("numbers/<str:text>", numbers.NumberDoor.as_view()),
    path("units/<str:number>/number-blocks", numbers.NumberBlocksDoor.as_view()),
    path("units/<str:number>/number-blocks/<uuid:block_id>", numbers.NumberBlockDoor.as_view()),
    path("units/<str:number>/number-blocks/<uuid:block_id>/return", numbers.ReturnBlockDoor.as_view()),
    path("units/<str:number>/registrations", numbers.RegistrationsDoor.as_view()),
    path("units/<str:number>/walk-ins", numbers.WalkInsDoor.as_view()),
    path("volunteers/<str:person>/life-number", numbers.LifeNumberDoor.as_view()),
    path("volunteers/<str:person>/merge", numbers.MergeDoor.as_view()),
    path("units/<str:number>/imports", imports.ImportsDoor.as_view()),
    path("units/<str:number>/roster-file", imports.RosterDoor.as_view()),
    path("imports/<uuid:import_id>", imports.ImportDoor.as_view()),
    path("imports/<uuid:import_id>/rows", imports.ImportReportDoor.as_view()),
    path("imports/<uuid:import_id>/start", imports.ImportStartDoor.as_view()),
    path("imports/<uuid:import_id>/undo", imports.ImportUndoDoor.as_view()),
    path("roster-template", imports.TemplateDoor.as_view()),
    path("tasks", dispatch.TasksDoor.as_view()),
    path("tasks/<uuid:task_id>", dispatch.TaskDoor.as_view()),
    path("tasks/<uuid:task_id>/call-outs", dispatch.CallOutsDoor.as_view()),
    path("tasks/<uuid:task_id>/cancel", dispatch.CancelDoor.as_view()),
    path("tasks/<uuid:task_id>/recipients", dispatch.RecipientsDoor.as_view()),
    path("tasks/<uuid:task_id>/units", dispatch.UnitProgressDoor.as_view()),
    path("tasks/<uuid:task_id>/answer", dispatch.AnswerDoor.as_view()),
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
