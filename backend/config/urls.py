"""Every address of the product, on one page."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.urls.converters import UUIDConverter

from backend.accounts.api import passwords, second_factors
from backend.accounts.api.devices import DeviceDoor, DevicesDoor, RefreshDoor
from backend.badges import api as badges
from backend.dispatch import api as dispatch
from backend.joining.api import applications, transfers
from backend.numbers import api as numbers
from backend.privacy import api as own_data
from backend.realtime import api as realtime
from backend.rosters.api import imports, roster
from backend.tracking.api import nearest, positions, trackers
from backend.volunteers import api as volunteers
from backend.volunteers.api import (
    availability,
    formation,
    invitations,
    lives,
    merging,
    posts,
    privacy,
    sign_in,
    skills,
)

# Django's takes small letters alone, and the socket any: an id is one and the same however it is written.
UUIDConverter.regex = f"(?i:{UUIDConverter.regex})"

v1: list[URLPattern | URLResolver] = [
    path("sign-in", sign_in.SignInDoor.as_view()),
    path("token/refresh", RefreshDoor.as_view()),
    path("sign-out", sign_in.SignOutDoor.as_view()),
    path("me", volunteers.MeDoor.as_view()),
    path("me/duty", volunteers.DutyDoor.as_view()),
    path("me/language", volunteers.LanguageDoor.as_view()),
    path("me/devices", DevicesDoor.as_view()),
    path("me/devices/<uuid:device_id>", DeviceDoor.as_view()),
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
    path("transfers", transfers.TransfersDoor.as_view()),
    path("transfers/<uuid:transfer_id>/accept", transfers.AcceptTransferDoor.as_view()),
    path("transfers/<uuid:transfer_id>/decline", transfers.DeclineTransferDoor.as_view()),
    path("transfers/<uuid:transfer_id>/withdraw", transfers.WithdrawTransferDoor.as_view()),
    path("units", formation.UnitsDoor.as_view()),
    path("units/<str:number>/move", formation.MoveUnitDoor.as_view()),
    path("units/<str:number>/split", formation.SplitUnitDoor.as_view()),
    path("units/<str:number>/merge", formation.MergeUnitDoor.as_view()),
    path("units/<str:number>/retire", formation.RetireUnitDoor.as_view()),
    path("units/<str:number>/emblem", formation.EmblemDoor.as_view()),
    path("units/<str:number>/applications", applications.UnitApplicationsDoor.as_view()),
    path("units/<str:number>/posts", posts.PostsDoor.as_view()),
    path("posts/<int:post_id>", posts.PostDoor.as_view()),
    path("me/password", passwords.PasswordDoor.as_view()),
    path("me/second-factor", second_factors.SecondFactorDoor.as_view()),
    path("me/second-factor/confirm", second_factors.ConfirmSecondFactorDoor.as_view()),
    path("me/second-factor/remove", second_factors.RemoveSecondFactorDoor.as_view()),
    path("me/second-factor/recovery-codes", second_factors.RecoveryCodesDoor.as_view()),
    path("sign-in/second-factor", sign_in.SignInCodeDoor.as_view()),
    path("sign-in/second-factor/code", second_factors.SendCodeDoor.as_view()),
    path("sign-in/second-factor/set-up", second_factors.SetUpInSignInDoor.as_view()),
    path("sign-in/invitation", sign_in.AcceptInvitationDoor.as_view()),
    path("volunteers/<str:person>/invitation", invitations.InvitationDoor.as_view()),
    path("volunteers/<str:person>/badge", badges.BadgeDoor.as_view()),
    path("volunteers/<str:person>/badge/revoke", badges.RevokeBadgeDoor.as_view()),
    path("volunteers/<str:person>/badge/card.svg", badges.BadgeSvgDoor.as_view()),
    path("volunteers/<str:person>/badge/card.pdf", badges.BadgePdfDoor.as_view()),
    path("volunteers/<str:person>/photo", badges.PhotoDoor.as_view()),
    path("me/photo", badges.MyPhotoDoor.as_view()),
    path("skills", skills.SkillsDoor.as_view()),
    path("badges/check", badges.CheckBadgeDoor.as_view()),
    path("badges/keys", badges.BadgeKeysDoor.as_view()),
    path("badges/revoked", badges.RevokedBadgesDoor.as_view()),
    path("units/<str:number>", volunteers.UnitDoor.as_view()),
    path("units/<str:number>/children", volunteers.UnitChildrenDoor.as_view()),
    path("numbers/<str:text>", numbers.NumberDoor.as_view()),
    path("units/<str:number>/number-blocks", numbers.NumberBlocksDoor.as_view()),
    path("units/<str:number>/number-blocks/<uuid:block_id>", numbers.NumberBlockDoor.as_view()),
    path("units/<str:number>/number-blocks/<uuid:block_id>/return", numbers.ReturnBlockDoor.as_view()),
    path("units/<str:number>/registrations", numbers.RegistrationsDoor.as_view()),
    path("units/<str:number>/walk-ins", numbers.WalkInsDoor.as_view()),
    path("volunteers/<str:temporary>/life-number", numbers.LifeNumberDoor.as_view()),
    path("volunteers/<str:kept>/merge", merging.MergeDoor.as_view()),
    path("units/<str:number>/imports", imports.ImportsDoor.as_view()),
    path("units/<str:number>/roster-file", imports.RosterDoor.as_view()),
    path("imports/<uuid:import_id>", imports.ImportDoor.as_view()),
    path("imports/<uuid:import_id>/rows", imports.ImportReportDoor.as_view()),
    path("imports/<uuid:import_id>/start", imports.ImportStartDoor.as_view()),
    path("imports/<uuid:import_id>/undo", imports.ImportUndoDoor.as_view()),
    path("roster-template", imports.TemplateDoor.as_view()),
    path("units/<str:number>/roster", roster.RosterDoor.as_view()),
    path("units/<str:number>/nearest", nearest.NearestDoor.as_view()),
    path("me/availability", availability.AvailabilityDoor.as_view()),
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
    path("me/export", own_data.ExportDoor.as_view()),
    path("me/identity", own_data.IdentityDoor.as_view()),
    path("me/deletion", own_data.DeletionDoor.as_view()),
    path("volunteers/<str:person>/credentials", privacy.CredentialsDoor.as_view()),
    path("volunteers/<str:person>/credentials/<uuid:credential_id>", privacy.CredentialDoor.as_view()),
    path("volunteers/<str:person>/guardians", privacy.GuardiansDoor.as_view()),
    path("volunteers/<str:person>/guardians/<uuid:guardian_id>", privacy.GuardianDoor.as_view()),
    path("positions", positions.PositionsDoor.as_view()),
    path("catch-up", realtime.CatchUp.as_view()),
    path("receipts", realtime.Receipts.as_view()),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(v1)),
    path("healthz", realtime.Alive.as_view()),
    path("readyz", realtime.Ready.as_view()),
    path("metrics", realtime.Metrics.as_view()),
    path("operators/", admin.site.urls),
    path("", include(("backend.console.urls", "console"))),
]

handler400 = "backend.lib.problems.malformed_page"
handler403 = "backend.lib.problems.denied_page"
handler404 = "backend.lib.problems.problem_page"
handler500 = "backend.lib.problems.failed_page"
