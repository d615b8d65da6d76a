"""The other side of each comparison, written the way its own documentation says."""
