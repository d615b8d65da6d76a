"""The least an ASGI application can do."""
