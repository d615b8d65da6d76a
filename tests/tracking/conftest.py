"""What tests of tracking share: a socket that speaks the protocol."""

from tests.realtime.conftest import connect

__all__ = ["connect"]
