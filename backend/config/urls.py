"""Every address of the product, on one page."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.urls.converters import UUIDConverter

from backend.accounts.api import passwords, second_factors
from backend.accounts.api.devices import DevicesView, DeviceView, RefreshView
from backend.badges import api as badges
from backend.corrections import api as corrections
from backend.desks.api import desks, hand_overs
from backend.dispatch import api as dispatch
from backend.joining.api import applications, invitations, sign_in_codes, transfers
from backend.numbers import api as numbers
from backend.papers.api import desks as occasion_desks
from backend.papers.api import occasions, policies
from backend.partners import api as partners
from backend.privacy import api as own_data
from backend.readiness import api as readiness
from backend.realtime import api as realtime
from backend.rosters.api import differences, imports, roster
from backend.tracking.api import nearest, positions, trackers
from backend.volunteers import api as volunteers
from backend.volunteers.api import (
    availability,
    formation,
    lives,
    merging,
    posts,
    privacy,
    sign_in,
    skills,
)

# Django's converter takes lower case only, the socket any case: an id is the same in both.
UUIDConverter.regex = f"(?i:{UUIDConverter.regex})"

v1: list[URLPattern | URLResolver] = [
    path("sign-in", sign_in.SignInView.as_view()),
    path("token/refresh", RefreshView.as_view()),
    path("sign-out", sign_in.SignOutView.as_view()),
    path("me", volunteers.MeView.as_view()),
    path("me/duty", volunteers.DutyView.as_view()),
    path("me/language", volunteers.LanguageView.as_view()),
    path("me/devices", DevicesView.as_view()),
    path("me/devices/<uuid:device_id>", DeviceView.as_view()),
    path("me/trackers", trackers.TrackersView.as_view()),
    path("me/trackers/<uuid:tracker_id>", trackers.TrackerView.as_view()),
    path("trackers/owntracks", trackers.OwnTracksView.as_view()),
    path("trackers/osmand", trackers.OsmAndView.as_view()),
    path("me/waking", readiness.WakingView.as_view()),
    path("volunteers/<str:person>/waking", readiness.PersonWakingView.as_view()),
    path("volunteers/<str:person>/waking/words", readiness.LeadersWordsView.as_view()),
    path("volunteers/<str:person>/waking/words/<uuid:word_id>", readiness.LeadersWordView.as_view()),
    path("units/<str:number>/readiness", readiness.UnitReadinessView.as_view()),
    path("me/inbox", dispatch.InboxView.as_view()),
    path("applications", applications.ApplicationsView.as_view()),
    path("applications/<uuid:application_id>/withdraw", applications.WithdrawApplicationView.as_view()),
    path("applications/<uuid:application_id>/approve", applications.ApproveApplicationView.as_view()),
    path("applications/<uuid:application_id>/reject", applications.RejectApplicationView.as_view()),
    path("volunteers/<str:number>/suspend", lives.SuspendView.as_view()),
    path("volunteers/<str:number>/reinstate", lives.ReinstateView.as_view()),
    path("volunteers/<str:number>/retire", lives.RetireView.as_view()),
    path("volunteers/<str:number>/units/<str:unit>", lives.MembershipView.as_view()),
    path("volunteers/<str:number>/primary-unit", lives.PrimaryUnitView.as_view()),
    path("volunteers/<str:person>/corrections", corrections.CorrectionsView.as_view()),
    path("corrections/<uuid:correction_id>/undo", corrections.UndoCorrectionView.as_view()),
    path("corrections/<uuid:correction_id>/confirm", corrections.ConfirmCorrectionView.as_view()),
    path("transfers", transfers.TransfersView.as_view()),
    path("transfers/<uuid:transfer_id>/accept", transfers.AcceptTransferView.as_view()),
    path("transfers/<uuid:transfer_id>/decline", transfers.DeclineTransferView.as_view()),
    path("transfers/<uuid:transfer_id>/withdraw", transfers.WithdrawTransferView.as_view()),
    path("units", formation.UnitsView.as_view()),
    path("units/<str:number>/move", formation.MoveUnitView.as_view()),
    path("units/<str:number>/split", formation.SplitUnitView.as_view()),
    path("units/<str:number>/merge", formation.MergeUnitView.as_view()),
    path("units/<str:number>/retire", formation.RetireUnitView.as_view()),
    path("units/<str:number>/emblem", formation.EmblemView.as_view()),
    path("units/<str:number>/applications", applications.UnitApplicationsView.as_view()),
    path("units/<str:number>/posts", posts.PostsView.as_view()),
    path("posts/<int:post_id>", posts.PostView.as_view()),
    path("me/password", passwords.PasswordView.as_view()),
    path("me/second-factor", second_factors.SecondFactorView.as_view()),
    path("me/second-factor/confirm", second_factors.ConfirmSecondFactorView.as_view()),
    path("me/second-factor/remove", second_factors.RemoveSecondFactorView.as_view()),
    path("me/second-factor/recovery-codes", second_factors.RecoveryCodesView.as_view()),
    path("sign-in/person", sign_in.SignInPersonView.as_view()),
    path("sign-in/second-factor", sign_in.SignInCodeView.as_view()),
    path("sign-in/second-factor/code", second_factors.SendCodeView.as_view()),
    path("sign-in/second-factor/set-up", second_factors.SetUpInSignInView.as_view()),
    path("sign-in/code", sign_in_codes.SignInByCodeView.as_view()),
    path("volunteers/<str:person>/sign-in-codes", sign_in_codes.SignInCodesView.as_view()),
    path("volunteers/<str:person>/devices", sign_in_codes.PersonDevicesView.as_view()),
    path("sign-in/invitation", sign_in.AcceptInvitationView.as_view()),
    path("volunteers/<str:person>/invitation", invitations.InvitationView.as_view()),
    path("volunteers/<str:person>/badge", badges.BadgeView.as_view()),
    path("volunteers/<str:person>/badge/revoke", badges.RevokeBadgeView.as_view()),
    path("volunteers/<str:person>/badge/card.svg", badges.BadgeSvgView.as_view()),
    path("volunteers/<str:person>/badge/card.pdf", badges.BadgePdfView.as_view()),
    path("volunteers/<str:person>/photo", badges.PhotoView.as_view()),
    path("me/photo", badges.MyPhotoView.as_view()),
    path("skills", skills.SkillsView.as_view()),
    path("partner-kinds", partners.PartnerKindsView.as_view()),
    path("badges/check", badges.CheckBadgeView.as_view()),
    path("badges/keys", badges.BadgeKeysView.as_view()),
    path("badges/revoked", badges.RevokedBadgesView.as_view()),
    path("units/<str:number>/signs.pdf", badges.SignsView.as_view()),
    path("units/<str:number>", volunteers.UnitView.as_view()),
    path("units/<str:number>/children", volunteers.UnitChildrenView.as_view()),
    path("units/<str:number>/members/<str:person>/employment", partners.EmploymentView.as_view()),
    path("units/<str:number>/sharing", partners.SharingView.as_view()),
    path("units/<str:number>/desk", desks.DeskView.as_view()),
    path("units/<str:number>/desk/shifts", desks.ShiftsView.as_view()),
    path("units/<str:number>/desk/shifts/<uuid:shift_id>", desks.ShiftView.as_view()),
    path("units/<str:number>/desk/hand-overs", hand_overs.HandOversView.as_view()),
    path(
        "units/<str:number>/desk/hand-overs/<uuid:hand_over_id>/take", hand_overs.TakeHandOverView.as_view()
    ),
    path("numbers/<str:text>", numbers.NumberView.as_view()),
    path("units/<str:number>/number-blocks", numbers.NumberBlocksView.as_view()),
    path("units/<str:number>/number-blocks/<uuid:block_id>", numbers.NumberBlockView.as_view()),
    path("units/<str:number>/number-blocks/<uuid:block_id>/return", numbers.ReturnBlockView.as_view()),
    path("units/<str:number>/registrations", numbers.RegistrationsView.as_view()),
    path("units/<str:number>/walk-ins", numbers.WalkInsView.as_view()),
    path("volunteers/<str:temporary>/life-number", numbers.LifeNumberView.as_view()),
    path("volunteers/<str:kept>/merge", merging.MergeView.as_view()),
    path("units/<str:number>/imports", imports.ImportsView.as_view()),
    path("units/<str:number>/roster-file", imports.RosterView.as_view()),
    path("imports/<uuid:import_id>", imports.ImportView.as_view()),
    path("imports/<uuid:import_id>/rows", imports.ImportReportView.as_view()),
    path("imports/<uuid:import_id>/differences", differences.DifferencesView.as_view()),
    path("imports/<uuid:import_id>/differences/<int:difference_id>", differences.DifferenceView.as_view()),
    path("imports/<uuid:import_id>/start", imports.ImportStartView.as_view()),
    path("imports/<uuid:import_id>/undo", imports.ImportUndoView.as_view()),
    path("roster-template", imports.TemplateView.as_view()),
    path("units/<str:number>/roster", roster.RosterView.as_view()),
    path("units/<str:number>/to-phone", dispatch.ToPhoneView.as_view()),
    path("units/<str:number>/nearest", nearest.NearestView.as_view()),
    path("me/availability", availability.AvailabilityView.as_view()),
    path("tasks", dispatch.TasksView.as_view()),
    path("tasks/<uuid:task_id>", dispatch.TaskView.as_view()),
    path("tasks/<uuid:task_id>/call-outs", dispatch.CallOutsView.as_view()),
    path("tasks/<uuid:task_id>/cancel", dispatch.CancelView.as_view()),
    path("tasks/<uuid:task_id>/recipients", dispatch.RecipientsView.as_view()),
    path("tasks/<uuid:task_id>/recipients/<str:person>/answer", dispatch.NotedAnswerView.as_view()),
    path("tasks/<uuid:task_id>/units", dispatch.UnitProgressView.as_view()),
    path("tasks/<uuid:task_id>/answer", dispatch.AnswerView.as_view()),
    path("tasks/<uuid:task_id>/legal-basis", dispatch.LegalBasisView.as_view()),
    path("occasions", occasions.OccasionsView.as_view()),
    path("occasions/<uuid:occasion_id>", occasions.OccasionView.as_view()),
    path("occasions/<uuid:occasion_id>/close", occasions.CloseOccasionView.as_view()),
    path("occasions/<uuid:occasion_id>/desks/<int:post_id>", occasions.DeskView.as_view()),
    path("occasions/<uuid:occasion_id>/briefings", occasion_desks.BriefingsView.as_view()),
    path("occasions/<uuid:occasion_id>/agreements", occasion_desks.AgreementsView.as_view()),
    path(
        "occasions/<uuid:occasion_id>/agreements/<uuid:sheet_id>/photo",
        occasion_desks.SignedPhotoView.as_view(),
    ),
    path("occasions/<uuid:occasion_id>/attestations", occasion_desks.AttestationsView.as_view()),
    path("policies", policies.PoliciesView.as_view()),
    path("policies/<uuid:policy_id>", policies.PolicyView.as_view()),
    path("policies/<uuid:policy_id>/end", policies.EndPolicyView.as_view()),
    path("policies/<uuid:policy_id>/people", policies.InsuredView.as_view()),
    path("me/consents", privacy.ConsentsView.as_view()),
    path("me/consents/<str:purpose>", privacy.ConsentView.as_view()),
    path("me/looks", own_data.LooksView.as_view()),
    path("me/export", own_data.ExportView.as_view()),
    path("me/identity", own_data.IdentityView.as_view()),
    path("me/deletion", own_data.DeletionView.as_view()),
    path("volunteers/<str:person>/credentials", privacy.CredentialsView.as_view()),
    path("volunteers/<str:person>/credentials/<uuid:credential_id>", privacy.CredentialView.as_view()),
    path("volunteers/<str:person>/guardians", privacy.GuardiansView.as_view()),
    path("volunteers/<str:person>/guardians/<uuid:guardian_id>", privacy.GuardianView.as_view()),
    path("positions", positions.PositionsView.as_view()),
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
