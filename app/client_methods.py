"""How one description of a call becomes a method of both clients: one that sends it, and one that is awaited."""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from app.client_calls import Call, Page
from app.client_senders import AsyncSender, Sender

P = ParamSpec("P")
T = TypeVar("T")


class _Described(Generic[P, T]):
    def __init__(self, describe: Callable[Concatenate[Any, P], T]) -> None:
        self._describe = describe
        functools.update_wrapper(self, describe)  # type: ignore[arg-type]  # what help() shows

    def _bound(self, sender: object, send: Callable[[T], Any]) -> Any:  # noqa: ANN401  what the overloads below say
        @functools.wraps(self._describe)
        def method(*arguments: P.args, **named: P.kwargs) -> Any:  # noqa: ANN401  the same
            return send(self._describe(sender, *arguments, **named))

        return method


class call(_Described[P, Call[T]]):  # noqa: N801  a decorator
    """A method that sends what it describes, and returns what comes of it."""

    @overload
    def __get__(self, sender: Sender, kind: type | None = None) -> Callable[P, T]: ...
    @overload
    def __get__(self, sender: AsyncSender, kind: type | None = None) -> Callable[P, Awaitable[T]]: ...
    def __get__(self, sender: Any, kind: type | None = None) -> Any:
        """The method of one client."""
        return self if sender is None else self._bound(sender, sender.send)


class listing(_Described[P, Call[Page[T]]]):  # noqa: N801  a decorator
    """A method that goes through all pages of what it describes, each fetched when it is needed."""

    @overload
    def __get__(self, sender: Sender, kind: type | None = None) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, sender: AsyncSender, kind: type | None = None) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, sender: Any, kind: type | None = None) -> Any:
        """The method of one client."""
        return self if sender is None else self._bound(sender, sender.items)


class stream(_Described[P, str]):  # noqa: N801  a decorator
    """A method that brings what it names the path of, piece by piece."""

    @overload
    def __get__(self, sender: Sender, kind: type | None = None) -> Callable[P, Iterator[bytes]]: ...
    @overload
    def __get__(self, sender: AsyncSender, kind: type | None = None) -> Callable[P, AsyncIterator[bytes]]: ...
    def __get__(self, sender: Any, kind: type | None = None) -> Any:
        """The method of one client."""
        return self if sender is None else self._bound(sender, sender.stream)
