"""What happens to the consent to be woken."""

from backend.readiness.schemas import WakingOut
from backend.realtime.events import Event


class WakingChanged(Event, type="waking.changed", topics=("person",)):
    """What is said of waking this volunteer has changed: by the volunteer, or by a leader's word that came or ended.

    A word that runs out after its 90 days sends none: `until_at` says it beforehand.
    """

    waking: WakingOut
