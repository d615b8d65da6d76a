"""Addresses of the pages."""

from django.urls import path

from backend.console import views
from backend.console.pages import numbers

app_name = "console"
urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("language/", views.choose_language, name="language"),
    path("console/", views.command_centre, name="console"),
    path("leader/", views.leader_board, name="leader"),
    path("me/", views.volunteer_page, name="me"),
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
    path("me/worker.js", views.service_worker, name="worker"),
]
