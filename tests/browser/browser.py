"""A headless Chromium that reads the pages of a stack, as a person would."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

CHROMIUM, DRIVER = (shutil.which(name) for name in ("chromium", "chromedriver"))  # as Debian calls them
PATIENCE = 40.0  # seconds, on a busy machine
DESKTOP, PHONE = (1280, 900), (360, 740)
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # root has none
    "--disable-dev-shm-usage",  # a container's is small
    "--hide-scrollbars",
    "--lang=en",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
T = TypeVar("T")


@dataclass(frozen=True)
class Browser:
    """Opens pages and waits for what they show."""

    driver: Chrome
    url: str
    key: str

    def open(self, path: str = "/", *, key: str | None = None, **given: str) -> None:
        """Opens a page as the link does that the command line prints, with this key or the stack's own."""
        self.driver.get("about:blank")  # or another fragment would not load the page anew
        self.driver.get(f"{self.url}{path}#{urlencode({'key': self.key if key is None else key, **given})}")

    def look(self, size: tuple[int, int] = DESKTOP, *, dark: bool = False) -> None:
        """Looks at pages in a window of this size, in light or dark."""
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def forget(self) -> None:
        """Forgets what pages keep in the browser."""
        self.driver.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": self.url, "storageTypes": "all"})

    def all(self, css: str) -> list[WebElement]:
        """What of this is shown."""
        return [each for each in self.driver.find_elements(By.CSS_SELECTOR, css) if each.is_displayed()]

    def see(self, css: str, *words: str) -> WebElement:
        """Waits until something of this is shown that has these words in it."""
        return self.until(lambda: self._seen(css, words), f"{css} {words}")

    def press(self, css: str, *words: str) -> None:
        """Presses something of this, once it is there."""

        def pressed() -> bool:
            found = self._seen(css, words)
            if found is not None:
                found.click()
            return found is not None

        self.until(pressed, f"{css} {words}")

    def type(self, css: str, text: str, *, end: str = Keys.ENTER) -> None:
        """Writes into a field, in place of what is there, and presses a key."""
        field = self.see(css)
        field.clear()
        field.send_keys(text, end)

    def run(self, script: str, *arguments: Any) -> Any:
        """What a piece of JavaScript returns."""
        return self.driver.execute_script(script, *arguments)

    def until(self, look: Callable[[], T | None], what: str = "") -> T:
        """Waits until something is so, and returns it."""

        def settled(_: Chrome) -> T | None:
            try:
                return look()
            except StaleElementReferenceException:  # drawn anew meanwhile
                return None

        return WebDriverWait(self.driver, PATIENCE, poll_frequency=0.05).until(settled, f"{what} is not there")

    def _seen(self, css: str, words: tuple[str, ...]) -> WebElement | None:
        return next((each for each in self.all(css) if all(word in each.text for word in words)), None)


@contextmanager
def chromium(url: str, key: str, *, downloads: Path, voice: Path | None = None) -> Iterator[Browser]:
    """A browser; its microphone hears the recording `voice`, over and over."""
    os.environ["SE_OFFLINE"] = "true"  # Selenium downloads nothing
    options = ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for flag in (*FLAGS, *([f"--use-file-for-fake-audio-capture={voice}"] if voice else [])):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options, Service(DRIVER))
    try:
        yield Browser(driver, url, key)
    finally:
        driver.quit()
