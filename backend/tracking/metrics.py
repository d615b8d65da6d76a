"""What a process counts of the positions that it takes."""

from prometheus_client import Counter

positions = Counter(
    "muster_positions", "Positions that came over sockets, by what became of them.", ["outcome"]
)
