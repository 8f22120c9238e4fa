"""The Python client of Triseek's HTTP interface: `Client`, and `AsyncClient`, whose methods are awaited.

Each call is described once, in a class that both have; see `app.client_calls`.
"""

from app.client_calls import Call, get
from app.client_documents import Content, Document, ImportOptions, Job, SearchOptions, with_media
from app.client_jobs import JobCalls
from app.client_keys import KeyCalls
from app.client_methods import call
from app.client_products import ProductCalls
from app.client_searches import SearchCalls
from app.client_senders import AsyncSender, Sender
from app.client_spaces import SpaceCalls

__all__ = ["AsyncClient", "Client", "Content", "Document", "ImportOptions", "Job", "SearchOptions", "with_media"]


class _Calls(ProductCalls, SearchCalls, JobCalls, SpaceCalls, KeyCalls):
    """All that can be asked for."""

    @call
    def is_live(self) -> Call[bool]:
        """Whether the server answers.

        Raises:
            ServerUnreachable: nothing listens there.
        """
        return get("/health/live").then(bool)


class Client(_Calls, Sender):
    """Talks to one Triseek server with one API key. Every method raises `ApiProblem` or `ServerUnreachable`."""


class AsyncClient(_Calls, AsyncSender):
    """The same for asyncio: methods are awaited, what they list is gone through with `async for`."""
