"""Why a leader's word is not noted."""

from django.utils.translation import gettext_lazy as _

from backend.lib.errors import SENT_BEFORE, Refusal


class WordIdTaken(Refusal):
    """There is a leader's word with this id already, and it is not the same."""

    slug = "word-id-taken"
    text = SENT_BEFORE


class RefusedByPerson(Refusal):
    """The person refuses to be woken for one of these categories: a leader's word does not outrank that."""

    slug = "refused-by-person"
    text = _("The person refuses to be woken for one of these categories.")


class SaidOtherwiseSince(Refusal):
    """The person has said otherwise since: only a yes that was said later counts."""

    slug = "said-otherwise-since"
    text = _("The person has said something else since. Only a yes that was said later counts.")


class TooManyWords(Refusal):
    """As many leaders' words hold for this person as may: end one first."""

    slug = "too-many-words"
    text = _("Too many words of leaders hold for this person. End one first.")
