"""The frozen values and enums that every layer shares."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Modality(StrEnum):
    """What a product or a query part is given as."""

    TEXT = "text"
    IMAGE = "image"
    SPEECH = "speech"


class LogFormat(StrEnum):
    """How log records are written."""

    TEXT = "text"  # for people
    JSON = "json"  # an object a line


class Role(StrEnum):
    """Which side of a search a content stands on; some text encoders read the two differently."""

    QUERY = "query"
    PASSAGE = "passage"


class JobKind(StrEnum):
    """What a job does."""

    SEARCH = "search"
    EMBED = "embed"
    IMPORT = "import"
    REINDEX = "reindex"
    VERIFY = "verify"
    TRAIN = "train"
    REPLAY = "replay"
    UPKEEP = "upkeep"


class JobState(StrEnum):
    """Where a job is in its life; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether the job can no longer change."""
        return self in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


class EmbeddingState(StrEnum):
    """Whether a product can be found."""

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


class DeliveryState(StrEnum):
    """Whether a webhook has been told of a job's end."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class SpaceState(StrEnum):
    """Where an embedding space is in its life; one space is active."""

    BUILDING = "building"
    READY = "ready"
    ACTIVE = "active"
    RETIRED = "retired"


class Scope(StrEnum):
    """What an API key may do."""

    SEARCH = "search"
    WRITE = "write"
    ADMIN = "admin"
    OPERATE = "operate"  # what concerns all tenants


@dataclass(frozen=True, kw_only=True)
class EncoderCard:
    """What is known of an encoder before any weight is loaded."""

    name: str  # "multilingual-e5-small"
    revision: str  # first 12 hex digits of the weight file's SHA-256
    modality: Modality
    dim: int  # length of one pooled output
    segments: int = 1  # parts in time that a pooled output keeps side by side, dim / segments long, zero behind its end
    licence: str  # SPDX
    source: str  # the package, hub id or folder that the weights come from

    @property
    def id(self) -> str:
        """`name@revision`, what a space remembers of its encoder."""
        return f"{self.name}@{self.revision}"


@dataclass(frozen=True, kw_only=True)
class SpaceKey:
    """What makes two embeddings comparable: the encoders, the alignment, the dimension, the metric."""

    encoders: Mapping[Modality, str]  # modality -> EncoderCard.id
    alignment: str  # SHA-256 of the alignment artifact's weights, hex
    dim: int
    metric: str = "cosine"


@dataclass(frozen=True, kw_only=True)
class QueryPart:
    """One thing that a search asks for: a text, a picture or recording, or a product."""

    name: str  # where it stood in the request: "text", "image", "query/2"
    modality: Modality | None  # None for a product, which asks with all the modalities it has
    text: str | None = None
    media: str | None = None  # SHA-256 of the bytes in the media store
    url: str | None = None  # where they are fetched before it is searched with
    sku: str | None = None
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class SearchQuery:
    """A parsed search request."""

    parts: tuple[QueryPart, ...]
    against: tuple[Modality, ...] = tuple(Modality)
    limit: int = 20
    rerank: bool = True
    explain: bool = False
    filter: str | None = None  # in the filter language
    facets: tuple[str, ...] = ()  # fields whose values are counted
    min_relevance: float = 0.0  # 0 to 1; hits that are less likely relevant are left out
    within: str | None = None  # a filter that holds beside it: of a search token, empty if it has none


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A token of a product that one of the query attended to."""

    against: Modality  # of the product
    ordinal: int  # of the text, picture or recording
    label: str | None  # a word, a cell, seconds; None where it is the whole
    weight: float  # share of the attention, 0 to 1


@dataclass(frozen=True, kw_only=True)
class CellWeights:
    """What the cells of one picture got of a query token's attention."""

    ordinal: int
    digest: str  # SHA-256 of the picture
    weights: tuple[float, ...]  # of a square grid, row by row


@dataclass(frozen=True, kw_only=True)
class Attention:
    """What one token of the query attended to in a product."""

    query: str  # the query part that it belongs to
    modality: Modality
    label: str | None  # a word, a cell, seconds; None where it is the whole
    weight: float  # how much it counts in the re-rank; signed
    similarity: float  # to what it attended to, -1 to 1
    sees: tuple[Seen, ...]  # the most attended to, first
    pictures: tuple[CellWeights, ...]
