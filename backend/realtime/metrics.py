"""Metrics of a process's own work, in the format of Prometheus."""

from django.db import DatabaseError
from prometheus_client import Counter, Gauge, Histogram

from backend.audit.queries import unlinked_count

sockets = Gauge("muster_sockets", "Sockets that are signed in and open.")
topics = Gauge("muster_topics", "Topics that somebody here has joined.")
frames_in = Counter("muster_frames_in", "Frames that phones sent.")
frames_out = Counter("muster_frames_out", "Events written to sockets.")
closes = Counter("muster_closes", "Sockets that the server closed, by close code.", ["code"])
backlog_drops = Counter(
    "muster_backlog_drops", "Frames dropped because a phone that reads slowly was closed with 4290."
)
fan_out = Histogram(
    "muster_fan_out_seconds",
    "From the commit of an event until it was written to the last socket here; only what the bus brought.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
access = Counter(
    "muster_access",
    "Topics that open sockets were joined to, or taken out of, because access changed.",
    ["act"],
)
epochs = Counter(
    "muster_epochs",
    "Times that the log's epoch began anew, by why: asked for, or the database was put back.",
    ["why"],
)
hellos = Counter("muster_hellos", "Hellos, by what came of them: opened, or the refusal.", ["outcome"])
replay_reads = Counter("muster_replay_reads", "Times that missed events were read for phones that came.")
replayed = Counter("muster_replayed_events", "Events sent again to phones that came.")
caught_up = Counter(
    "muster_caught_up_events", "Events that the bus did not bring and the poll of the log found."
)
polls = Counter("muster_log_polls", "Polls of the log, by whether they could be read.", ["outcome"])
log_read_at = Gauge(
    "muster_log_read_timestamp_seconds", "When the log was last read by the poll (Unix time)."
)
layer_errors = Counter(
    "muster_layer_errors", "Times that the channel layer failed, by what was done.", ["act"]
)
audit_unlinked = Gauge(
    "muster_audit_unlinked", "Rows of the audit that have no place in the chain yet, in the whole database."
)


def read_audit() -> None:
    """Count the waiting rows at the moment of the request; NaN while the database does not answer."""
    try:
        audit_unlinked.set(unlinked_count())
    except DatabaseError:
        audit_unlinked.set(float("nan"))
