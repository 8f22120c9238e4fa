"""The client's calls about API keys."""

from collections.abc import Sequence

from app.client_calls import Call, delete, get, path_of, post
from app.client_documents import Document
from app.client_methods import call
from app.types import Scope


class KeyCalls:
    """What whoever gives out keys asks for."""

    @call
    def keys(self) -> Call[list[Document]]:
        """All keys, oldest first, by their first characters."""
        return get("/v1/keys").then(lambda answer: list(answer["keys"]))

    @call
    def make_key(self, name: str, scopes: Sequence[Scope], *, days: int | None = None) -> Call[Document]:
        """Makes a key; its `key` is told in this answer alone."""
        return post("/v1/keys", {"name": name, "scopes": [str(scope) for scope in scopes], "expires_in_days": days})

    @call
    def rotate_key(self, prefix: str, *, grace_hours: int = 24) -> Call[Document]:
        """Makes a key in the place of another one, which works on for some hours."""
        return post(path_of("keys", prefix, "rotate"), {"grace_hours": grace_hours})

    @call
    def revoke_key(self, prefix: str) -> Call[None]:
        """Revokes a key."""
        return delete(path_of("keys", prefix))
