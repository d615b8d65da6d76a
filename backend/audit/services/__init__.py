"""Writes the record of acts, and links it into the chain."""

from backend.audit.services.linking import advance_chain, link_entries
from backend.audit.services.records import Record, record, record_all

__all__ = ["Record", "advance_chain", "link_entries", "record", "record_all"]
