"""The people of one phone: who is signed in on this browser, and who goes on."""

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods

from backend.accounts import hooks
from backend.accounts.pages.forms import PageForm, act_page
from backend.accounts.people_here import device_here, others_here
from backend.accounts.signin import switch_page
from backend.lib.clock import now
from backend.lib.errors import NotFound


class SwitchForm(PageForm):
    """The number of the person who goes on."""

    number = forms.CharField(max_length=12, widget=forms.HiddenInput)


@never_cache
@ensure_csrf_cookie
@require_http_methods(["GET", "HEAD", "POST"])
def people_here(request: HttpRequest) -> HttpResponseBase:
    """Show who is signed in on this browser, and let one of them go on; open to a browser that only others use."""
    at = now()

    def act(form: SwitchForm) -> HttpResponse:
        switch_page(request=request, number=form.cleaned_data["number"], at=at)
        return redirect("console:home")

    def again(form: SwitchForm) -> HttpResponse:
        here, others = device_here(request), others_here(request)
        if not here and not others:
            return redirect("console:sign-in")
        people = [(one.user.volunteer, hooks.holds_post(one.user, at)) for one in others]
        left = request.session.pop("left", "")  # whose orders the browser still has
        context = {"here": here and here.user.volunteer, "people": people, "form": form, "left": left}
        status = form.answered_with if form.problem else 200
        return render(request, "console/people_here.html", context, status=status)

    if request.method != "POST":
        return again(SwitchForm())
    try:
        return act_page(SwitchForm(request.POST), act, again, passes_on=NotFound)
    except NotFound:
        return redirect("console:people-here")
