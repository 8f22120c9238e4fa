"""What waits in the broker's queues."""

from collections.abc import Iterator
from queue import Empty
from typing import Any

from kombu import Connection, Message

from app.context import REQUEST_ID
from app.jobs.names import Queue


def received(broker: Connection, queue: Queue) -> list[list[Any]]:
    """The arguments of all the messages that wait in a queue, which they leave."""
    return [message.payload[0] for message in _taken(broker, queue)]


def requested(broker: Connection, queue: Queue) -> list[str | None]:
    """The requests that all the messages come from that wait in a queue, which they leave."""
    return [message.headers.get(REQUEST_ID) for message in _taken(broker, queue)]


def _taken(broker: Connection, queue: Queue) -> Iterator[Message]:
    waiting = broker.SimpleQueue(str(queue))
    while True:
        try:
            message = waiting.get(block=False)
        except Empty:
            return
        message.ack()
        yield message
