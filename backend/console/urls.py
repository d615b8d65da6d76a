"""Addresses of the pages."""

from django.urls import path

from backend.accounts.pages import devices, people, sign_in_steps
from backend.badges.pages import badge
from backend.console import views
from backend.corrections.pages import corrections
from backend.desks.pages import desk
from backend.joining.pages import applications, invitations, sign_in_codes
from backend.numbers.pages import numbers
from backend.partners.pages import sharing
from backend.privacy.pages import my_data
from backend.readiness.pages import waking, words
from backend.rosters.pages import differences, imports, roster
from backend.tracking.pages import trackers
from backend.volunteers.pages import availability, person, units

app_name = "console"
urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-in/code/", sign_in_steps.second_step, name="sign-in-code"),
    path("sign-in/person/", sign_in_steps.which_person, name="sign-in-person"),
    path("sign-in/people/", people.people_here, name="people-here"),
    path("sign-in/by-code/", sign_in_steps.by_code, name="sign-in-by-code"),
    path("people/<str:number>/sign-in-code/", sign_in_codes.sign_in_code_of, name="sign-in-code-of"),
    path("sign-in/invitation/", sign_in_steps.invitation, name="sign-in-invitation"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("language/", views.choose_language, name="language"),
    path("console/", views.command_centre, name="console"),
    path("leader/", views.leader_board, name="leader"),
    path("me/", views.volunteer_page, name="me"),
    path("imports/", imports.imports, name="imports"),
    path("imports/<uuid:import_id>/", imports.roster_import, name="import"),
    path("imports/<uuid:import_id>/differences/", differences.import_differences, name="differences"),
    path("my-data/", my_data.my_data, name="my-data"),
    path("my-data/consents/<str:purpose>", my_data.decide, name="my-data-consent"),
    path("my-data/identity", my_data.confirm, name="my-data-identity"),
    path("my-data/export", my_data.export, name="my-data-export"),
    path("my-data/deletion", my_data.delete, name="my-data-deletion"),
    path("availability/", availability.availability, name="availability"),
    path("waking/", waking.waking, name="waking"),
    path("devices/", devices.devices, name="devices"),
    path("devices/password/", devices.password, name="password"),
    path("devices/second-factor/", devices.second_factor, name="second-factor"),
    path("devices/<uuid:device_id>/sign-out/", devices.sign_out_device, name="sign-out-device"),
    path("trackers/", trackers.trackers, name="trackers"),
    path("trackers/<uuid:tracker_id>/end/", trackers.end_tracker, name="end-tracker"),
    path("badge/", badge.badge, name="badge"),
    path("badge/card.pdf", badge.badge_card, name="badge-card"),
    path("badge/photo/", badge.photo, name="photo"),
    path("badges/<str:number>/", badge.unit_badges, name="unit-badges"),
    path("badges/<str:number>/sheet.pdf", badge.badge_sheet, name="badge-sheet"),
    path("badges/<str:number>/signs.pdf", badge.signs, name="signs"),
    path("badges/<str:number>/<str:person>/revoke/", badge.revoke, name="revoke-badge"),
    path("b/<str:text>", badge.check, name="check-badge"),
    path("invitations/<str:number>/", invitations.invitations, name="invitations"),
    path("numbers/", numbers.numbers, name="numbers"),
    path("numbers/walk-ins/", numbers.walk_in, name="walk-in"),
    path("numbers/life/", numbers.life_number, name="life-number"),
    path("numbers/blocks/", numbers.new_block, name="new-number-block"),
    path("numbers/blocks/<str:number>/<uuid:block_id>/", numbers.block, name="number-block"),
    path(
        "numbers/blocks/<str:number>/<uuid:block_id>/people/",
        numbers.register,
        name="register-from-block",
    ),
    path(
        "numbers/blocks/<str:number>/<uuid:block_id>/return/",
        numbers.take_back,
        name="take-back-number-block",
    ),
    path("applications/", applications.applications, name="applications"),
    path("applications/<uuid:application_id>/", applications.decide_application, name="decide-application"),
    path("me/manifest.webmanifest", views.web_manifest, name="web-manifest"),
    path("roster/", roster.roster, name="roster"),
    path("roster/<str:number>/", roster.roster, name="unit-roster"),
    path("units/<str:number>/", units.unit_page, name="unit"),
    path("units/<str:number>/sharing/", sharing.sharing, name="sharing"),
    path("units/<str:number>/desk/", desk.desk, name="desk"),
    path("units/<str:number>/desk/shifts/<uuid:shift_id>/", desk.take_shift_out, name="take-shift-out"),
    path(
        "units/<str:number>/desk/hand-overs/<uuid:hand_over_id>/", desk.sign_hand_over, name="sign-hand-over"
    ),
    path("people/<str:number>/waking/", words.words, name="words"),
    path("people/<str:number>/corrections/", corrections.corrections, name="corrections"),
    path("people/<str:number>/", person.person, name="person"),
    path("people/<str:number>/standing/", person.decide_standing, name="decide-standing"),
    path("people/<str:number>/credentials/", person.add_credential, name="add-credential"),
    path(
        "people/<str:number>/credentials/<uuid:credential_id>/",
        person.end_credential,
        name="end-credential",
    ),
    path("people/<str:number>/guardians/", person.add_guardian, name="add-guardian"),
    path("people/<str:number>/guardians/<uuid:guardian_id>/", person.end_guardian, name="end-guardian"),
    path("me/worker.js", views.service_worker, name="worker"),
]
