"""Addresses of the pages."""

from django.urls import path

from backend.console import views
from backend.console.pages import imports, my_data, roster, units

app_name = "console"
urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
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
    path("me/manifest.webmanifest", views.web_manifest, name="web-manifest"),
    path("roster/", roster.roster, name="roster"),
    path("roster/<str:number>/", roster.roster, name="unit-roster"),
    path("units/<str:number>/", units.unit_page, name="unit"),
    path("me/worker.js", views.service_worker, name="worker"),
]
