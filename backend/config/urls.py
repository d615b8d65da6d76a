"""Every address of the product, on one page."""

from django.urls import URLPattern, URLResolver, include, path

from backend.dispatch import api as dispatch
from backend.realtime import api as realtime
from backend.volunteers import api as volunteers
from backend.volunteers import tracker_api as trackers
from backend.volunteers.api import badges, invitations, second_factors

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
    path("me/password", invitations.PasswordDoor.as_view()),
    path("me/second-factor", second_factors.SecondFactorDoor.as_view()),
    path("me/second-factor/confirm", second_factors.ConfirmSecondFactorDoor.as_view()),
    path("me/second-factor/remove", second_factors.RemoveSecondFactorDoor.as_view()),
    path("me/second-factor/recovery-codes", second_factors.RecoveryCodesDoor.as_view()),
    path("sign-in/second-factor", second_factors.SignInCodeDoor.as_view()),
    path("sign-in/second-factor/code", second_factors.SendCodeDoor.as_view()),
    path("sign-in/second-factor/set-up", second_factors.SetUpInSignInDoor.as_view()),
    path("sign-in/invitation", invitations.AcceptInvitationDoor.as_view()),
    path("volunteers/<str:volunteer_number>/invitation", invitations.InvitationDoor.as_view()),
    path("volunteers/<str:volunteer_number>/badge", badges.BadgeDoor.as_view()),
    path("volunteers/<str:volunteer_number>/badge/revoke", badges.RevokeBadgeDoor.as_view()),
    path("volunteers/<str:volunteer_number>/badge/card.svg", badges.BadgeSvgDoor.as_view()),
    path("volunteers/<str:volunteer_number>/badge/card.pdf", badges.BadgePdfDoor.as_view()),
    path("volunteers/<str:volunteer_number>/photo", badges.PhotoDoor.as_view()),
    path("me/photo", badges.MyPhotoDoor.as_view()),
    path("badges/check", badges.CheckBadgeDoor.as_view()),
    path("badges/keys", badges.BadgeKeysDoor.as_view()),
    path("badges/revoked", badges.RevokedBadgesDoor.as_view()),
    path("units/<str:number>", volunteers.UnitDoor.as_view()),
    path("units/<str:number>/children", volunteers.UnitChildrenDoor.as_view()),
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
