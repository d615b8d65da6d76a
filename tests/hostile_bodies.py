"""Bodies that make Django's parsers raise, or are not what they say; each still holds what a door expects."""

import json
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
BOUNDARY = "xYzZY"

Fields = Mapping[str, object]
Body = Callable[[Fields], bytes]


def as_json(fields: Fields) -> bytes:
    return json.dumps(fields).encode()


def many_ands(fields: Fields) -> bytes:
    """Return JSON that is a form of more fields than Django takes; the last of its repeated keys counts."""
    filling = ",".join(f'"{name}":"{"&a=b" * 1_200}"' for name in fields if isinstance(fields[name], str))
    return b"{" + filling.encode() + b"," + as_json(fields)[1:]


def as_form(fields: Fields) -> bytes:
    return urlencode({name: str(value) for name, value in fields.items()}).encode()


def many_fields(fields: Fields) -> bytes:
    return as_form(fields) + b"&a=b" * 1_200


def large(fields: Fields) -> bytes:
    return as_form(fields) + b"&a=" + b"b" * 1_100_000


def with_nul(fields: Fields) -> bytes:
    return as_form(fields) + b"%00"


def as_parts(fields: Fields) -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()


def many_files(fields: Fields) -> bytes:
    file = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nx\r\n'
    return (file * 150).encode() + as_parts(fields)


def many_parts(fields: Fields) -> bytes:
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
    return (part * 1_200).encode() + as_parts(fields)


def bad_base64(fields: Fields) -> bytes:
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n\r\n*\r\n'
    return part.encode() + as_parts(fields)


def odd_parameter(fields: Fields) -> bytes:
    part = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name*=undefined''a\r\n\r\nb\r\n"
    return part.encode() + as_parts(fields)


def cut_off(fields: Fields) -> bytes:
    return as_parts(fields)[:-10]


CHARSETS = ("utf-16", "utf-32", "utf-7", "undefined", "rot13", "idna", "hex", "latin-1", "no-such-set")
PARTS = f"{MULTIPART}; boundary={BOUNDARY}"

FORMS: dict[str, tuple[str, Body]] = {
    **{f"form in {charset}": (f"{FORM}; charset={charset}", as_form) for charset in CHARSETS},
    **{f"parts in {charset}": (f"{PARTS}; charset={charset}", as_parts) for charset in CHARSETS},
    "form of too many fields": (FORM, many_fields),
    "form that is too large": (FORM, large),
    "form with NUL": (FORM, with_nul),
    "form of another type": ("text/plain", as_form),
    "form without a type": ("", as_form),
    "parts": (PARTS, as_parts),
    "parts without a boundary": (MULTIPART, as_parts),
    "parts of another boundary": (f"{MULTIPART}; boundary=other", as_parts),
    "parts with too many files": (PARTS, many_files),
    "too many parts": (PARTS, many_parts),
    "parts with broken base64": (PARTS, bad_base64),
    "parts with an odd parameter": (PARTS, odd_parameter),
    "parts that are cut off": (PARTS, cut_off),
}
"""How a form may come: (content type, body)."""

JSONS: dict[str, tuple[str, Body]] = {
    "JSON as a form": (FORM, as_json),
    **{f"JSON as a form in {charset}": (f"{FORM}; charset={charset}", as_json) for charset in CHARSETS},
    **{f"JSON in {charset}": (f"application/json; charset={charset}", as_json) for charset in CHARSETS},
    "JSON as a form of too many fields": (FORM, many_ands),
    "JSON with repeated keys": ("application/json", many_ands),
    "JSON as parts": (PARTS, as_json),
    "JSON as parts without a boundary": (MULTIPART, as_json),
    "JSON as text": ("text/plain", as_json),
    "JSON as anything": ("*/*", as_json),
    "JSON of two types": (f"application/json, {FORM}", as_json),
    "JSON without a type": ("", as_json),
    "JSON that is too large": ("application/json", lambda fields: as_json(fields) + b" " * 1_100_000),
    "JSON with NUL": (
        "application/json",
        lambda fields: as_json({name: f"{value}\0" for name, value in fields.items()}),
    ),
    "JSON in UTF-16": ("application/json", lambda fields: as_json(fields).decode().encode("utf-16")),
}
"""How JSON may come: (content type, body)."""
