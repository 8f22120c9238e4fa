"""The client's calls that search."""

from app.client_calls import Call, catalogue_path, post
from app.client_documents import Content, Document, Job, SearchOptions, inline
from app.client_jobs import ended
from app.client_methods import call

_AS_USUAL = SearchOptions()


class SearchCalls:
    """What is asked for by text, picture and speech."""

    @call
    def search(
        self,
        catalogue: str,
        *,
        text: str | None = None,
        image: Content | None = None,
        speech: Content | None = None,
        options: SearchOptions = _AS_USUAL,
    ) -> Call[Document]:
        """Submits a search, polls its job until it ends and returns its result."""
        return _submitted(catalogue, text, image, speech, options).then(_found)

    @call
    def submit_search(
        self,
        catalogue: str,
        *,
        text: str | None = None,
        image: Content | None = None,
        speech: Content | None = None,
        options: SearchOptions = _AS_USUAL,
    ) -> Call[Job]:
        """Submits a search by any mix of text, picture and speech."""
        return _submitted(catalogue, text, image, speech, options)


def _found(job: Job) -> Document | Call[Document]:
    return ended(job.id).then(Job.answer)


def _submitted(
    catalogue: str, text: str | None, image: Content | None, speech: Content | None, options: SearchOptions
) -> Call[Job]:
    asked = {
        "text": text,
        "image": inline(image) if image is not None else None,
        "speech": inline(speech) if speech is not None else None,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    return post(catalogue_path(catalogue, "searches"), given | options.document()).then(Job.of)
