"""Every exception of ours. A class is one kind of problem; its docstring is its title.

`status` is the HTTP status that the problem has when it reaches a client, and `type` its name in the problem's URI
(RFC 9457). `errors` are pairs of a JSON pointer (RFC 6901) into the request and what is wrong there.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class FieldError(NamedTuple):
    """One wrong field: where it stands (a JSON pointer, `/images/0`) and what is wrong."""

    pointer: str
    detail: str


class TriseekError(Exception):
    """Something went wrong."""

    status = 500

    def __init__(self, detail: str = "", errors: Sequence[FieldError] = ()) -> None:
        self.detail = detail or self.title
        self.errors = tuple(errors)
        super().__init__(self.detail)

    @property
    def title(self) -> str:
        """The class's docstring without its full stop."""
        return (self.__class__.__doc__ or "").strip().removesuffix(".")

    @property
    def type(self) -> str:
        """The class's name in kebab case, `media-unreadable`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", self.__class__.__name__).lower()

    def problem(self) -> dict[str, object]:
        """The problem document of this error (RFC 9457), as plain values."""
        document: dict[str, object] = {
            "type": f"urn:triseek:problem:{self.type}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = [error._asdict() for error in self.errors]
        return document


class SettingsInvalid(TriseekError):
    """A setting is missing or wrong."""


class RequestInvalid(TriseekError):
    """The request has wrong or missing fields."""

    status = 422


class FilterInvalid(RequestInvalid):
    """The filter cannot be read."""


class RequestMalformed(TriseekError):
    """The request is not as HTTP has it."""

    status = 400


class AddressTooLong(TriseekError):
    """The request's address is too long; what is long belongs in a body."""

    status = 414


class HeaderTooLarge(TriseekError):
    """The request's header is larger than allowed."""

    status = 431


class BodyUnreadable(TriseekError):
    """The request's body is not JSON."""

    status = 400


class BodyTooLarge(TriseekError):
    """The request's body is larger than allowed."""

    status = 413


class BodyTooSlow(TriseekError):
    """The request's body came too slowly, or not to its end."""

    status = 408


class BodyUnsupported(TriseekError):
    """The request's body is of a type that cannot be read here."""

    status = 415


class PathUnknown(TriseekError):
    """There is nothing at this path."""

    status = 404


class MethodUnsupported(TriseekError):
    """This path takes other methods."""

    status = 405


class MediaUnreadable(TriseekError):
    """A picture or recording cannot be read."""

    status = 422


class MediaTooLarge(TriseekError):
    """A picture or recording is larger than allowed."""

    status = 413


class EmbeddingAbandoned(TriseekError):
    """The worker ended every time it embedded this product; upload it again to try once more."""


class SearchAbandoned(TriseekError):
    """The worker ended every time it ran this search; submit it again to try once more."""


class SearchFailed(TriseekError):
    """The search failed for a reason of ours, which the worker's log tells."""


class HostPrivate(TriseekError):
    """The host is not a public one."""

    status = 422


class MediaUnfetchable(TriseekError):
    """A picture or recording could not be fetched."""

    status = 422


class ImportAbandoned(TriseekError):
    """Reading the import ended its worker again and again."""


class ImportUnreadable(TriseekError):
    """No row of the file could be taken."""

    status = 422


class MediaMissing(TriseekError):
    """The media store does not hold these bytes."""


class MediaStoreFull(TriseekError):
    """The media store has no room left."""

    status = 507


class MediaUnknown(TriseekError):
    """There is no such picture or recording."""

    status = 404


class CatalogueUnknown(TriseekError):
    """There is no such catalogue."""

    status = 404


class ProductUnknown(TriseekError):
    """There is no such product."""

    status = 404


class ProductThere(TriseekError):
    """There is a product of this SKU."""

    status = 409


class PreconditionFailed(TriseekError):
    """The product is not as the request says it must be."""

    status = 412


class WebhookUnknown(TriseekError):
    """There is no such webhook."""

    status = 404


class JobUnretriable(TriseekError):
    """The job cannot be tried again."""

    status = 409


class JobUnknown(TriseekError):
    """There is no such job."""

    status = 404


class SpaceUnknown(TriseekError):
    """There is no such embedding space."""

    status = 404


class JobUnfinished(TriseekError):
    """The job has no result yet."""

    status = 409


class HeatUnknown(TriseekError):
    """There is no such heat map."""

    status = 404


class JobFinished(TriseekError):
    """The job has already ended."""

    status = 409


class SpaceNotReady(TriseekError):
    """The embedding space cannot answer searches yet."""

    status = 409


class IdempotencyConflict(TriseekError):
    """This idempotency key was used with another body."""

    status = 422


class KeyRejected(TriseekError):
    """The API key is missing, unknown or expired."""

    status = 401


class KeyUnknown(TriseekError):
    """There is no such API key."""

    status = 404


class KeyReplaced(TriseekError):
    """The API key was rotated before."""

    status = 409


class TenantUnknown(TriseekError):
    """There is no such tenant."""


class TenantKnown(TriseekError):
    """There is a tenant of this name already."""


class TenantRefused(TriseekError):
    """This cannot be done to the tenant."""


class ScopeMissing(TriseekError):
    """The API key may not do this."""

    status = 403


class TooManyRequests(TriseekError):
    """The API key has had as much as it may; ask again later."""

    status = 429

    def __init__(self, detail: str = "", errors: Sequence[FieldError] = (), *, retry_after: int = 1) -> None:
        super().__init__(detail, errors)
        self.retry_after = retry_after  # seconds


class TooManyWaiting(TriseekError):
    """Too many searches wait already; ask again soon."""

    status = 503
    retry_after = 5  # seconds


class DatabaseUnreachable(TriseekError):
    """The database cannot be reached now; try again."""

    status = 503


class NotReady(TriseekError):
    """Something that searches need is missing."""

    status = 503


class BackupFailed(TriseekError):
    """A backup could not be written or read."""


class ReindexRunning(TriseekError):
    """Another reindex has not ended."""

    status = 409


class ReindexFailed(TriseekError):
    """The reindex was given up after a fault of ours; the log of the embed workers says which."""


class NoActiveSpace(TriseekError):
    """No embedding space is active yet; a worker makes the first one when it starts."""

    status = 503


class EncoderUnknown(TriseekError):
    """There is no such encoder."""

    status = 422


class EncoderFixed(TriseekError):
    """The blocks of this encoder cannot be trained."""

    status = 422


class VoiceUnknown(TriseekError):
    """There is no such voice."""

    status = 422


class WeightsInvalid(TriseekError):
    """A weight file is missing or is not the one that was expected."""


class ArtifactInvalid(TriseekError):
    """An alignment artifact is damaged or does not fit the encoders."""

    status = 422


class CheckpointInvalid(TriseekError):
    """A training cannot go on from this checkpoint."""


class JudgedSetInvalid(TriseekError):
    """A judged set is missing something or contradicts itself."""


class DictionaryInvalid(TriseekError):
    """A dictionary that training is to learn from cannot be read."""


class StackRunning(TriseekError):
    """Another Triseek is already running on this data folder."""


class ServiceFailed(TriseekError):
    """A part of the embedded stack did not start or did not stay up."""


class ServerUnreachable(TriseekError):
    """The server cannot be reached."""

    status = 503


class ApiProblem(TriseekError):
    """The server answered with a problem."""

    def __init__(
        self, document: Mapping[str, object], status: int | None = None, *, retry_after: float | None = None
    ) -> None:
        self.document = dict(document)  # as the server sent it
        self.retry_after = retry_after  # seconds, if the server told
        detail = str(document.get("detail") or document.get("title") or "The server gave no reason.")
        listed = document.get("errors")
        errors = [
            FieldError(str(each.get("pointer", "")), str(each.get("detail", "")))
            for each in (listed if isinstance(listed, list) else [])
            if isinstance(each, dict)
        ]
        super().__init__(detail, errors)
        told = document.get("status")
        self.status = status or (told if isinstance(told, int) else 500)

    def problem(self) -> dict[str, object]:
        """The server's own problem document."""
        return self.document
