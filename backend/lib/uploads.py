"""Limits the size of uploads before a byte is stored."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

MAX_UPLOAD = 420_000_000
"""Bytes of a whole upload; a view may have a lower limit for its files."""


class BoundedUploadHandler(FileUploadHandler):
    """Refuses a form whose declared length is too large, and cuts off one that exceeds the limit."""

    _taken = 0

    def handle_raw_input(  # the signature is Django's
        self,
        input_data: Any,  # noqa: ARG002
        META: dict[str, str],  # noqa: ARG002, N803
        content_length: int,
        boundary: str,  # noqa: ARG002
        encoding: str | None = None,  # noqa: ARG002
    ) -> None:
        """Refuse by the declared length."""
        if content_length > MAX_UPLOAD:
            raise RequestDataTooBig("the upload is too large")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002
        """Count the bytes, and pass them on to the next handler."""
        self._taken += len(raw_data)
        if self._taken > MAX_UPLOAD:
            raise RequestDataTooBig("the upload is too large")
        return raw_data

    def file_complete(self, file_size: int) -> "UploadedFile[Any] | None":  # noqa: ARG002
        """Store nothing."""
        return None
