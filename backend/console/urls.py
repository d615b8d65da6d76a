"""Addresses of the pages."""

from django.urls import path

from backend.console import views
from backend.console.pages import (
    badge,
    devices,
    imports,
    invitations,
    my_data,
    numbers,
    roster,
    sign_in_steps,
    units,
)

app_name = "console"
urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-in/code/", sign_in_steps.second_step, name="sign-in-code"),
    path("sign-in/invitation/", sign_in_steps.invitation, name="sign-in-invitation"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("language/", views.choose_language, name="language"),
    path("console/", views.command_centre, name="console"),
    path("leader/", views.leader_board, name="leader"),
    path("me/", views.volunteer_page, name="me"),
    path("imports/", imports.imports, name="imports"),
    path("imports/<uuid:import_id>/", imports.roster_import, name="import"),
    path("my-data/", my_data.my_data, name="my-data"),
    path("my-data/consents/<str:purpose>", my_data.decide, name="my-data-consent"),
    path("my-data/export", my_data.export, name="my-data-export"),
    path("my-data/deletion", my_data.delete, name="my-data-deletion"),
    path("devices/", devices.devices, name="devices"),
    path("devices/password/", devices.password, name="password"),
    path("devices/second-factor/", devices.second_factor, name="second-factor"),
    path("devices/<uuid:device_id>/sign-out/", devices.sign_out_device, name="sign-out-device"),
    path("badge/", badge.badge, name="badge"),
    path("badge/card.pdf", badge.badge_card, name="badge-card"),
    path("badge/photo/", badge.photo, name="photo"),
    path("badges/<str:number>/", badge.unit_badges, name="unit-badges"),
    path("badges/<str:number>/sheet.pdf", badge.badge_sheet, name="badge-sheet"),
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
    path("me/manifest.webmanifest", views.web_manifest, name="web-manifest"),
    path("roster/", roster.roster, name="roster"),
    path("roster/<str:number>/", roster.roster, name="unit-roster"),
    path("units/<str:number>/", units.unit_page, name="unit"),
    path("me/worker.js", views.service_worker, name="worker"),
]
