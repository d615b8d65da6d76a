"""Node's `ws`, the library behind most socket servers in JavaScript."""
