"""What the web process believes of proxies before it."""

from dataclasses import replace

import pytest
from flask import request

from app.http.app import create_app
from app.settings import Settings

SAID = {"X-Forwarded-For": "6.6.6.6, 9.9.9.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.example"}


@pytest.mark.parametrize(
    ("hops", "believed"),
    [
        (0, ("127.0.0.1", "http://localhost/")),
        (1, ("9.9.9.9", "https://shop.example/")),  # whoever asks can send the addresses before
    ],
)
def test_headers_of_proxies_are_believed_where_settings_count_them(
    http_settings: Settings, hops: int, believed: tuple[str, str]
) -> None:
    app = create_app(replace(http_settings, trusted_proxies=hops))
    seen: list[tuple[str | None, str]] = []
    app.before_request(lambda: seen.append((request.remote_addr, request.host_url)))
    app.test_client().get("/health/live", headers=SAID)
    app.extensions["triseek"].close()
    assert seen == [believed]
