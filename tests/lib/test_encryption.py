"""Personal text is sealed, opens only where it belongs, and is found by a keyed hash."""

from base64 import urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.lib.encryption import KeyMissing, is_current, lookup_key, read_keys, seal, unseal


@given(st.text())
def test_what_is_sealed_opens_again(text: str) -> None:
    assert unseal(seal(text, "phone"), "phone") == text


def test_sealing_twice_looks_different_and_hides_the_text() -> None:
    one, other = seal("13800001234", "phone"), seal("13800001234", "phone")

    assert one != other
    assert "1380000" not in one


def test_sealed_text_opens_only_as_what_it_is() -> None:
    with pytest.raises(KeyMissing):
        unseal(seal("13800001234", "phone"), "id_card")


def test_sealed_text_that_was_changed_does_not_open() -> None:
    sealed = seal("13800001234", "phone")
    changed = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]

    with pytest.raises(KeyMissing):
        unseal(changed, "phone")


def test_older_key_opens_and_the_newest_seals(settings: Any) -> None:
    settings.FIELD_KEYS = {"old": b"o" * 32}
    sealed = seal("13800001234", "phone")
    settings.FIELD_KEYS = {"new": b"n" * 32, "old": b"o" * 32}

    assert unseal(sealed, "phone") == "13800001234"
    assert not is_current(sealed)
    assert seal("", "phone") == ""
    assert seal("13800001234", "phone").startswith("new:")

    settings.FIELD_KEYS = {"new": b"n" * 32}
    with pytest.raises(KeyMissing):
        unseal(sealed, "phone")


def test_lookup_key_tells_kinds_and_installations_apart(settings: Any) -> None:
    key = lookup_key("13800001234", "phone")

    assert lookup_key("13800001234", "phone") == key
    assert lookup_key("13800001234", "id_card") != key
    assert lookup_key("13800001235", "phone") != key
    settings.LOOKUP_KEY = b"another"
    assert lookup_key("13800001234", "phone") != key


@pytest.mark.parametrize("given", ["", "noid", "a:c2hvcnQ=", ":" + urlsafe_b64encode(b"k" * 32).decode()])
def test_keys_that_are_none_are_refused(given: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_keys([given])


def test_keys_are_read_in_their_order() -> None:
    one, other = urlsafe_b64encode(b"1" * 32).decode(), urlsafe_b64encode(b"2" * 32).decode()

    assert list(read_keys([f"b:{one}", f"a:{other}"])) == ["b", "a"]
