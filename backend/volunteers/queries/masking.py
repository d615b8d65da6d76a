"""Who sees what of a person's phone, and how it is masked for the others.

| who looks | the phone |
|---|---|
| oneself | whole |
| leader, deputy or commander of the person's very unit, who exports its roster | whole |
| whoever looks after a unit, of those who apply to it | whole |
| the issuer of a task, of somebody whom the offer has not reached | whole, to call by hand |
| everybody else who may see the person, on rosters and lists | `138****1234` |

Names are for those who may see the person; what is public shows the number alone. Identity cards are shown to oneself.
"""

SHORTEST = 11
"""Of a shorter number what is left to mask could be guessed."""


def masked(phone: str) -> str:
    """Return `138****1234`: enough to recognise a number, too little to call it."""
    if len(phone) < SHORTEST:
        return "****" if phone else ""
    return f"{phone[:3]}****{phone[-4:]}"
