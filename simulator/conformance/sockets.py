"""One socket of the phone and the one to the server behind it, with every frame in the kit's hands."""

import asyncio
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame as RawFrame
from websockets.frames import Opcode
from websockets.http11 import Request as Handshake
from websockets.server import ServerProtocol

from simulator.conformance.http import Request
from simulator.conformance.trace import Closed, Frame, Kept, Opened, Sent, Told

if TYPE_CHECKING:
    from simulator.conformance.proxy import Proxy

LOST = 1006
GOODBYE_S = 2.0
"""How long a phone may take to answer a close."""
PORTION = 65_536


class Socket:
    """Carries frames both ways until either side ends it, or the kit does."""

    def __init__(
        self,
        proxy: "Proxy",
        number: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        server: ClientConnection,
    ) -> None:
        self.number = number
        self.asked: dict[int, Frame] = {}
        self.is_open = False
        self._proxy = proxy
        self._reader = reader
        self._writer = writer
        self._server = server
        self._parts = b""
        self._phone = ServerProtocol(
            select_subprotocol=lambda *_: server.subprotocol,
            max_size=None,
        )

    async def run(self, request: Request) -> None:
        """Answer the handshake and carry frames until the phone is gone."""
        self._phone.receive_data(request.head)
        for event in self._phone.events_received():
            if isinstance(event, Handshake):
                self._phone.send_response(self._phone.accept(event))
        self._flush()
        self.is_open = True
        self._proxy.trace.add(Opened(socket=self.number, asked=request.asked))
        down = asyncio.ensure_future(self._from_server())
        try:
            await self._from_phone()
        finally:
            down.cancel()
            self._end(LOST, "phone")
            self._writer.transport.abort()
            try:
                await asyncio.gather(down, self._server.close(), return_exceptions=True)
            finally:
                self._server.transport.abort()

    def tell(self, frame: Frame) -> None:
        """Give the phone a frame."""
        if not self.is_open:
            return
        self._phone.send_text(json.dumps(frame, ensure_ascii=False).encode())
        self._flush()
        self._proxy.trace.add(Told(socket=self.number, frame=frame))

    def close(self, code: int, *, by: str = "kit") -> None:
        """Close it with a code; 1006 is a line that breaks."""
        if not self.is_open:
            return
        self._end(code, by)
        if code == LOST:
            self._writer.transport.abort()
            return
        self._phone.send_close(code, "")
        self._flush()
        asyncio.get_running_loop().call_later(GOODBYE_S, self._writer.transport.abort)

    # --- from the phone

    async def _from_phone(self) -> None:
        while data := await self._read():
            self._phone.receive_data(data)
            for event in self._phone.events_received():
                if isinstance(event, RawFrame):
                    await self._raw(event)
            self._flush()

    async def _read(self) -> bytes:
        try:
            return await self._reader.read(PORTION)
        except OSError:
            return b""

    async def _raw(self, raw: RawFrame) -> None:
        if raw.opcode is Opcode.CLOSE:
            self._end(self._phone.close_code or LOST, "phone")
        elif raw.opcode in (Opcode.TEXT, Opcode.CONT, Opcode.BINARY):
            self._parts += bytes(raw.data)
            if raw.fin:
                text, self._parts = self._parts.decode(errors="replace"), b""
                await self._take(text)

    async def _take(self, text: str) -> None:
        """Pass a frame on, unless the kit makes something else of it."""
        if not self.is_open:
            return
        frame = _frame(text)
        if isinstance(frame.get("id"), int):
            self.asked[frame["id"]] = frame
        self._proxy.trace.add(Sent(socket=self.number, frame=frame, text=text))
        instead = self._proxy.mischief.up(self, frame)
        texts = [text] if instead is None else [json.dumps(each) for each in instead]
        try:
            for each in texts:
                await self._server.send(self._proxy.disguise.up(each))
        except ConnectionClosed:
            pass  # what reads from the server says so

    # --- from the server

    async def _from_server(self) -> None:
        try:
            while True:
                self._give(_frame(str(await self._server.recv())))
        except ConnectionClosed as closed:
            self.close(closed.rcvd.code if closed.rcvd else LOST, by="server")

    def _give(self, frame: Frame) -> None:
        frame = self._proxy.disguise.down(frame)
        instead = self._proxy.mischief.down(self, frame)
        given: Iterable[Frame] = [frame] if instead is None else instead
        if frame not in given:
            self._proxy.trace.add(Kept(socket=self.number, frame=frame))
        for each in given:
            self.tell(each)

    def _flush(self) -> None:
        for data in self._phone.data_to_send():
            if self._writer.is_closing():
                return
            if data:
                self._writer.write(data)
            elif self._writer.can_write_eof():
                self._writer.write_eof()
            else:
                self._writer.close()

    def _end(self, code: int, by: str) -> None:
        if self.is_open:
            self.is_open = False
            self._proxy.trace.add(Closed(socket=self.number, code=code, by=by))


def _frame(text: str) -> dict[str, Any]:
    try:
        frame = json.loads(text)
    except ValueError:
        return {}
    return frame if isinstance(frame, dict) else {}
