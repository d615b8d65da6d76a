"""How much of a phone is shown to those who may see its person but need not call."""


def masked(phone: str) -> str:
    """Return `138****1234`: enough to recognise a number, too little to call it."""
    if len(phone) < 8:
        return "****" if phone else ""
    return f"{phone[:3]}****{phone[-4:]}"
