"""Channels as documented: daphne, a consumer in a group, RedisPubSubChannelLayer."""
