"""Node's `ws`, the library that most socket servers in JavaScript stand on."""
