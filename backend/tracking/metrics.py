"""Metrics of the positions that a process receives."""

from prometheus_client import Counter

positions = Counter(
    "muster_positions", "Positions that came over sockets, by what became of them.", ["outcome"]
)
