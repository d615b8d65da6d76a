"""Addresses of the pages."""

from django.urls import path

from backend.console import views
from backend.console.pages import applications

app_name = "console"
urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("language/", views.choose_language, name="language"),
    path("console/", views.command_centre, name="console"),
    path("leader/", views.leader_board, name="leader"),
    path("me/", views.volunteer_page, name="me"),
    path("applications/", applications.applications, name="applications"),
    path("applications/<uuid:application_id>/", applications.decide_application, name="decide-application"),
    path("me/manifest.webmanifest", views.web_manifest, name="web-manifest"),
    path("me/worker.js", views.service_worker, name="worker"),
]
