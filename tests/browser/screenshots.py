"""Takes the README's pictures of the pages, and tells how soon each page shows something.

Run by `make screenshots`: `python -m tests.browser.screenshots FOLDER`.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from rich.console import Console

from app.cli.demo_upload import upload
from app.client import Client
from app.local.stack import Stack
from app.sample.catalogue import things
from app.sample.sets import sample_set
from tests.browser.browser import DRIVER, PHONE, Browser, chromium

LARGEST = 250_000  # bytes of a picture
TALL = (1280, 1240)
TABLE = "sku,title,price,currency\n" + "".join(f"S{n},Shoe {n},{n}.90,EUR\n" for n in range(1, 40))
WRONG = "S40,Boot,cheap,EUR\nS41,Sandal,12,euros\n,Clog,5,EUR\n"
JUDGED = [
    {"search": {"text": asked}, "relevant": [thing.sku], "kind": kind}
    for thing in things()[::20]
    for kind, asked in (("as somebody may ask", thing.asked), ("in Chinese", thing.chinese))
]
PAINTED = "return performance.getEntriesByType('paint').map((each) => [each.name, Math.round(each.startTime)])"


@contextmanager
def pages() -> Iterator[tuple[Browser, Client]]:
    """A browser before a stack that holds the sample catalogue."""
    with TemporaryDirectory(prefix="triseek-") as name, Stack(Path(name) / "data") as stack:
        folder = Path(name)
        with Client(stack.url, stack.key) as client:
            upload(client, sample_set(), Console())
            (folder / "products.csv").write_text(TABLE + WRONG, encoding="utf-8")
            with chromium(stack.url, stack.key, downloads=folder) as browser:
                browser.open("/upload")
                browser.see("#drop").find_element("id", "file").send_keys(str(folder / "products.csv"))
                yield browser, client


def take(browser: Browser, file: Path) -> None:
    """Takes a picture of what is in sight."""
    browser.until(lambda: browser.run("return [...document.images].every((each) => each.complete)"), "a picture")
    browser.driver.save_screenshot(str(file))
    with Image.open(file) as picture:
        picture.convert("RGB").save(file, optimize=True)
    size = file.stat().st_size
    print(f"{file}: {size:,} bytes")
    if size > LARGEST:
        raise SystemExit(f"{file} is larger than {LARGEST:,} bytes.")


def take_all(browser: Browser, client: Client, folder: Path) -> None:
    """The search page, on a phone in the dark, the upload page after a check, and the admin page."""
    browser.type("#catalogue", "shop")
    browser.see("#rows tr")
    browser.run("document.activeElement.blur()")
    take(browser, folder / "screenshot-upload.png")

    browser.open("/", catalogue="sample", text="a red fruit")
    browser.press("#hits [data-sku='red-apple'] [data-like=less]")
    browser.see("#hits:not([aria-busy]) li:nth-child(8) img")
    browser.press("#hits li:first-child summary")
    browser.press("#hits li:first-child .look", "fruit")
    browser.see("#hits li:first-child .heat")
    browser.run("document.activeElement.blur(); scrollTo(0, 0)")
    take(browser, folder / "screenshot.png")

    browser.look(PHONE, dark=True)
    browser.open("/", catalogue="sample", text="我想买香蕉")
    browser.see("#hits li:nth-child(4) img")
    take(browser, folder / "screenshot-phone.png")

    browser.look(TALL)
    client.wait(client.reindex(dim=256).id)
    client.wait(client.verify_space(client.spaces()[-1]["id"], catalogue="sample", queries=JUDGED).id)
    browser.open("/admin")
    browser.see("#reports tbody tr")
    take(browser, folder / "screenshot-admin.png")


def tell_paints(browser: Browser) -> None:
    """Prints after how many milliseconds each page shows something for the first time, and its content."""
    for path in ("/", "/upload", "/admin"):
        browser.forget()
        browser.driver.execute_cdp_cmd("Network.clearBrowserCache", {})
        browser.open(path)
        paints = browser.until(lambda: browser.run(PAINTED), "a paint")
        print(path, ", ".join(f"{name} {milliseconds} ms" for name, milliseconds in paints))


def main(folder: Path) -> None:
    """Takes the pictures and tells the paints."""
    if DRIVER is None:
        raise SystemExit("Chromium is not installed: apt-get install chromium chromium-driver")
    folder.mkdir(parents=True, exist_ok=True)
    with pages() as (browser, client):
        browser.look()
        take_all(browser, client, folder)
        tell_paints(browser)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
