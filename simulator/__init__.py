"""Simulated phones that speak the real protocol, and the demo that runs them."""
