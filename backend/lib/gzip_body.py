"""Unpacks the gzip body of a request, up to a size."""

import zlib

from rest_framework.request import Request

from backend.lib.errors import Malformed, TooLarge

_GZIP = 16 + zlib.MAX_WBITS


def unpacked_body(request: Request, *, limit: int) -> bytes:
    """Return the body, unpacked if it has `Content-Encoding: gzip`.

    The packed body has the limit of every request. Raises Malformed for a broken stream or another encoding, TooLarge
    beyond `limit` bytes; no byte beyond the limit is unpacked.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "identity":
        return bytes(request.body)
    if encoding != "gzip":
        raise Malformed("The body may be packed with gzip, and with nothing else.")
    return unpacked(request.body, limit=limit)


def unpacked(packed: bytes, *, limit: int) -> bytes:
    """Return the content of one whole gzip stream. Raises Malformed, or TooLarge beyond `limit` bytes."""
    stream = zlib.decompressobj(_GZIP)
    try:
        content = stream.decompress(packed, limit + 1)
    except zlib.error as error:
        raise Malformed("The body is no gzip stream.") from error
    if len(content) > limit:
        raise TooLarge
    if not stream.eof or stream.unused_data:
        raise Malformed("The gzip stream of the body is not whole.")
    return content
