"""NATS, a message server in Go that speaks its protocol over WebSockets too."""
