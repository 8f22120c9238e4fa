"""The client's calls that search."""

from dataclasses import replace

from app.client_calls import Call, catalogue_path, post
from app.client_documents import Content, Document, Job, SearchOptions, inline
from app.client_jobs import LONGEST_WAIT, ended
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
        """Submits a search, waits until its job has ended and returns its result."""
        asked = _asked(catalogue, text, image, speech, options)
        return replace(asked, headers={"Prefer": f"wait={LONGEST_WAIT:g}"}).then(_found)

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
        return _asked(catalogue, text, image, speech, options).then(Job.of)


def _found(answered: Document) -> Document | Call[Document]:
    """The result, which usually comes with the first answer."""
    if "job" in answered:
        return ended(Job.of(answered).id).then(Job.answer)
    return Job.read(answered).answer()


def _asked(
    catalogue: str, text: str | None, image: Content | None, speech: Content | None, options: SearchOptions
) -> Call[Document]:
    asked = {
        "text": text,
        "image": inline(image) if image is not None else None,
        "speech": inline(speech) if speech is not None else None,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    return post(catalogue_path(catalogue, "searches"), given | options.document())
