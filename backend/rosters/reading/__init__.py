"""Rosters as files: their columns, how they are opened safely, and how a row becomes a person."""
