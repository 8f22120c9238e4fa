"""The page of commands: each one runs."""

import html
import os
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.app.http.conftest import Api, picture
from tests.web import Web
from tests.workers.sounds import encoded, tone

REFUSED = {"/v1/alignments": 422}  # an artifact is more than a ZIP file


def _commands(page: str) -> list[str]:
    return [html.unescape(each) for each in re.findall("<pre>(.*?)</pre>", page, re.DOTALL)]


def test_the_page_has_a_command_for_every_call_and_leads_to_it(api: Api) -> None:
    page = api.get("/docs/curl")
    document = api.get("/openapi.json").json
    assert page.text.count("<pre>curl") >= sum(
        len(item) - ("parameters" in item) for item in document["paths"].values()
    )
    anchors = set(re.findall(r'href="/docs#([^"]+)"', page.text))
    assert anchors <= set(re.findall(r'id="([^"]+)"', api.get("/docs").text))
    assert 'href="/docs/curl"' in api.get("/docs").text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_every_command_can_be_run_as_it_stands(web: Web, tmp_path: Path) -> None:
    for name in ("shoe.jpg", "photo.jpg"):
        (tmp_path / name).write_bytes(picture("JPEG"))
    (tmp_path / "question.wav").write_bytes(encoded(tone(16_000), 16_000, "wav", "pcm_s16le"))
    (tmp_path / "products.csv").write_text("sku,title\nA1,Red shoe\n")
    (tmp_path / "file.zip").write_bytes(b"PK")
    (tmp_path / ".curlrc").write_text('silent\noutput = /dev/null\nwrite-out = "%{http_code} %{url}"\nmax-time = 30')
    first, *commands = _commands(httpx.get(f"{web.url}/docs/curl").text)
    assert first == f"URL={web.url}\nKEY=ts_…"
    environ = {**os.environ, "URL": web.url, "KEY": web.key, "CURL_HOME": str(tmp_path)}
    commands = [each.replace("wait=10", "wait=0") for each in commands]  # no worker answers here
    for each in commands:
        done = subprocess.run(["sh", "-c", each], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True)
        status, _, url = done.stdout.partition(" ")
        usual = {200, 201, 202, 204, 404, 409, 503 if url.endswith("ready") else 200}
        assert int(status) in {REFUSED.get(url.removeprefix(web.url)), *usual}, (each, done.stdout)
