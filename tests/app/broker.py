"""What waits in the broker's queues."""

from queue import Empty
from typing import Any

from kombu import Connection

from app.jobs.names import Queue


def received(broker: Connection, queue: Queue) -> list[list[Any]]:
    """The arguments of all the messages that wait in a queue, which they leave."""
    arguments = []
    waiting = broker.SimpleQueue(str(queue))
    while True:
        try:
            message = waiting.get(block=False)
        except Empty:
            return arguments
        message.ack()
        arguments.append(message.payload[0])
