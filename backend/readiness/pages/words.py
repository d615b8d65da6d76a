"""The page on which leaders see when a person may be woken, and note what the person has said by voice."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from uuid6 import uuid7

from backend.accounts.pages.forms import PageForm, act_page, shape_of
from backend.accounts.pages.shell import act_named, person_of, record_page, show
from backend.lib.clock import now
from backend.lib.errors import NotAllowed, require
from backend.readiness.models import Manner
from backend.readiness.pages.waking import WordForm, named
from backend.readiness.queries import waking_of
from backend.readiness.rules import may_note_word
from backend.readiness.schemas import LeadersWordIn
from backend.readiness.services.words import end_word, note_word
from backend.volunteers.models import Category, LookedAt, Volunteer
from backend.volunteers.number_scheme import format_volunteer_number
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.services.access_log import note_access


class NoteForm(PageForm):
    """For what the person may be woken, and how the person has said so."""

    if_wrong = _("Choose what the person agrees to, and say that they have said yes.")
    id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)
    said_at = forms.CharField(
        widget=forms.HiddenInput, initial=lambda: now().isoformat(), max_length=40
    )  # of the form: pressed twice it is one word
    categories = forms.MultipleChoiceField(
        label=_("May be woken for"), choices=Category.choices, widget=forms.CheckboxSelectMultiple
    )
    how = forms.ChoiceField(label=_("Said"), choices=Manner.choices)
    said_yes = forms.BooleanField(label=_("The person has said yes"))

    @property
    def word(self) -> LeadersWordIn:
        """The word. Raises Invalid."""
        return shape_of(LeadersWordIn, self.cleaned_data)


@record_page
@require_http_methods(["GET", "HEAD", "POST"])
def words(request: HttpRequest, number: str) -> HttpResponseBase:
    """Show a person's waking to leaders who look after them; note a word, or end one."""
    volunteer = volunteer_numbered(number)
    require(may_note_word(person_of(request), volunteer, now()), NotAllowed)
    if request.method != "POST":
        return _show(request, volunteer)
    return act_named(request, ACTS)(request, volunteer)


def _note(request: HttpRequest, volunteer: Volunteer) -> HttpResponseBase:
    by, form = person_of(request), NoteForm(request.POST)
    return _do(
        request, volunteer, form, lambda: note_word(volunteer=volunteer, wanted=form.word, by=by, at=now())
    )


def _end(request: HttpRequest, volunteer: Volunteer) -> HttpResponseBase:
    by, form = person_of(request), WordForm(request.POST)
    return _do(
        request,
        volunteer,
        form,
        lambda: end_word(volunteer=volunteer, word_id=form.cleaned_data["word"], by=by, at=now()),
    )


ACTS: dict[str, Callable[[HttpRequest, Volunteer], HttpResponseBase]] = {"note-word": _note, "end-word": _end}


def _do(
    request: HttpRequest, volunteer: Volunteer, form: PageForm, change: Callable[[], object]
) -> HttpResponseBase:
    def act(_form: PageForm) -> HttpResponse:
        change()
        return redirect("console:words", f"{volunteer.number:08d}")

    return act_page(form, act, lambda form: _show(request, volunteer, form))


def _show(request: HttpRequest, volunteer: Volunteer, refused: PageForm | None = None) -> HttpResponse:
    by, at = person_of(request), now()
    note_access(viewer_user_id=by.pk, volunteer_ids=[volunteer.pk], what=LookedAt.RECORDS, at=at)
    said = waking_of(volunteer, at=at)
    context: dict[str, Any] = {
        "person": volunteer,
        "number": f"{volunteer.number:08d}",
        "written": format_volunteer_number(volunteer.number),
        "zone": said.zone,
        "consents": [(named(one.categories), one) for one in said.consents],
        "refused_hours": said.refused_hours,
        "refused_categories": said.refused_categories,
        "words": [(named(one.categories), one) for one in said.words],
        "note_form": refused if isinstance(refused, NoteForm) else NoteForm(),
        "problem": refused.problem if refused else "",
    }
    status = refused.answered_with if refused else 200
    return show(request, "words", context, page="roster", status=status)
