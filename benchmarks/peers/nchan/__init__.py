"""nginx with nchan, a publish/subscribe server in C."""
