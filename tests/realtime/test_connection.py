"""A slow phone never makes anybody else wait, and is closed when its backlog is full (trap 4)."""

import asyncio

from backend.realtime import connection as module
from backend.realtime.frames import Message, message_of
from tests.realtime.samples import Phone


def message(seq: int) -> Message:
    return message_of("sample.a", seq, f'{{"seq":{seq}}}', None)


async def test_push_to_a_phone_that_reads_is_done_at_once_without_a_task() -> None:
    phone = Phone()
    phone.connection.push(message(1))
    assert [m["text"] for m in phone.sent] == ['{"seq":1}']
    assert phone.connection.drain is None


async def test_push_to_a_phone_that_does_not_read_returns_and_keeps_the_order() -> None:
    phone = Phone(reads=False)
    for seq in range(1, 6):
        phone.connection.push(message(seq))
    assert phone.sent == []
    phone.reads.set()
    await asyncio.sleep(0.01)
    phone.connection.push(message(6))
    assert [m["text"] for m in phone.sent] == [f'{{"seq":{seq}}}' for seq in range(1, 7)]


async def test_a_full_backlog_closes_with_4290_and_drops_what_waited() -> None:
    phone = Phone(reads=False)
    for seq in range(module.BACKLOG_FRAMES + 2):
        phone.connection.push(message(seq))
    assert phone.connection.closing == 4290
    assert len(phone.connection.backlog or ()) == 1  # the close itself
    phone.reads.set()
    await asyncio.sleep(0.01)
    assert phone.close_code == 4290
    assert len(phone.sent) == 2  # the frame that was stuck, and the close


async def test_a_backlog_is_bounded_in_bytes_too() -> None:
    phone = Phone(reads=False)
    large = message_of("sample.a", 1, "x" * 60_000, None)
    for _ in range(12):
        phone.connection.push(large)
    assert phone.connection.closing == 4290


async def test_the_prepared_frame_is_written_directly_while_the_server_takes_it() -> None:
    phone = Phone()
    written: list[bytes] = []
    takes = True

    def write(frame: bytes) -> bool:
        if takes:
            written.append(frame)
        return takes

    phone.connection.write_frame = write
    phone.connection.push(message(1))
    takes = False
    phone.connection.push(message(2))
    assert written == [message(1).frame]
    assert [m["text"] for m in phone.sent] == ['{"seq":2}']


async def test_nothing_is_written_after_the_close() -> None:
    phone = Phone()
    phone.connection.close(4403)
    phone.connection.push(message(1))
    assert [m["type"] for m in phone.sent] == ["websocket.close"]
