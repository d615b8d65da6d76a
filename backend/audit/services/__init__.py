"""The services of the audit: one records acts, the other links the records into the chain."""

from backend.audit.services.linking import advance_chain, link_entries
from backend.audit.services.records import Record, record, record_all

__all__ = ["Record", "advance_chain", "link_entries", "record", "record_all"]
