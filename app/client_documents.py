"""What the client sends and reads: jobs, search options, products with their media."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from app.errors import ApiProblem
from app.types import JobKind, JobState, Modality

Content = bytes | str | Path  # a picture or recording, or the path of the file that holds it
Document = dict[str, Any]  # a JSON object as the server sent it


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a job has come; `total` is unknown until the job has counted."""

    done: int
    failed: int
    total: int | None


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as the server last told it."""

    id: str
    kind: JobKind
    state: JobState
    progress: Progress
    result: Document | None  # once it succeeded
    error: Document | None  # a problem, once it failed
    document: Document  # all that the server told

    @classmethod
    def read(cls, document: Document) -> Self:
        """Reads what the server sent."""
        progress = document.get("progress") or {}
        return cls(
            id=document["id"],
            kind=JobKind(document["kind"]),
            state=JobState(document["state"]),
            progress=Progress(
                done=progress.get("done") or 0, failed=progress.get("failed") or 0, total=progress.get("total")
            ),
            result=document.get("result"),
            error=document.get("error"),
            document=document,
        )

    @classmethod
    def of(cls, answer: Document) -> Self:
        """Reads the job that an answer is, or that it holds as `job`."""
        return cls.read(answer.get("job", answer))

    def answer(self) -> Document:
        """The result of a job that succeeded.

        Raises:
            ApiProblem: It failed or was cancelled, or has not ended.
        """
        if self.state is JobState.SUCCEEDED:
            return self.result or {}
        raise ApiProblem(self.error or {"title": f"Job {self.id} is {self.state}"})


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """What a search can be told besides the query."""

    limit: int = 20  # hits, 1 to 200
    where: str | None = None  # the filter: `price < 50 AND colour IN ('red', 'blue')`
    facets: Sequence[str] = ()  # attributes to count the values of
    against: Sequence[Modality] = ()  # modalities of the products to compare with; all unless told
    min_relevance: float = 0.0  # 0 to 1; hits that are less likely relevant are left out
    rerank: bool = True
    explain: bool = False

    def document(self) -> Document:
        """These options as a request has them; what is not asked for stays out."""
        given = {"filter": self.where, "facets": list(self.facets), "against": [str(each) for each in self.against]}
        options: Document = {"limit": self.limit, "rerank": self.rerank, "explain": self.explain}
        options["min_relevance"] = self.min_relevance
        return options | {name: value for name, value in given.items() if value}


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """What an import can be told besides the file; what the file is, it shows itself unless told."""

    dry_run: bool = False  # only check it
    format: str | None = None  # ndjson, csv, merchant, parquet
    encoding: str | None = None  # of a table
    columns: Mapping[str, str] = field(default_factory=dict)  # field or attribute -> the column that it is taken from

    def params(self) -> dict[str, str | list[str]]:
        """These options as a query string has them."""
        given = {"dry_run": "true" if self.dry_run else "", "format": self.format, "encoding": self.encoding}
        columns = [f"{name}={column}" for name, column in self.columns.items()]
        return {name: value for name, value in given.items() if value} | ({"map": columns} if columns else {})


def with_media(
    product: Mapping[str, object], *, images: Sequence[Content] = (), speech: Sequence[Content] = ()
) -> Document:
    """The product with its pictures and recordings inside, as an NDJSON line or a PUT carries them."""
    media = {"images": [inline(each) for each in images], "speech": [inline(each) for each in speech]}
    return {**product, **{name: contents for name, contents in media.items() if contents}}


def inline(content: Content) -> dict[str, str]:
    """A picture or recording within a JSON document."""
    return {"base64": base64.b64encode(read(content)).decode()}


def read(content: Content) -> bytes:
    """The bytes themselves."""
    return content if isinstance(content, bytes) else Path(content).read_bytes()
