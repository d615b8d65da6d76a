"""Tries the phone of any developer: a proxy that plays faults, and judges from outside what the phone does then."""
