"""The client's requests about API keys."""

from collections.abc import Sequence
from urllib.parse import quote

from app.client_documents import Document
from app.client_requests import Requests
from app.types import Scope


class KeyRequests(Requests):
    """What whoever gives out keys asks for."""

    def keys(self) -> list[Document]:
        """All keys, oldest first, by their first characters."""
        return list(self._get("/v1/keys", {})["keys"])

    def make_key(self, name: str, scopes: Sequence[Scope], *, days: int | None = None) -> Document:
        """Makes a key; its `key` is told in this answer alone."""
        asked = {"name": name, "scopes": [str(scope) for scope in scopes], "expires_in_days": days}
        return self._object(self._http.build_request("POST", "/v1/keys", json=asked))

    def rotate_key(self, prefix: str, *, grace_hours: int = 24) -> Document:
        """Makes a key in the place of another one, which works on for some hours."""
        path = f"/v1/keys/{quote(prefix, safe='')}/rotate"
        return self._object(self._http.build_request("POST", path, json={"grace_hours": grace_hours}))

    def revoke_key(self, prefix: str) -> None:
        """Revokes a key."""
        self._send(self._http.build_request("DELETE", f"/v1/keys/{quote(prefix, safe='')}"))
