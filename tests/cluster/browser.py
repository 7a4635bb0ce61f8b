"""A real browser for the pages that runs leave, and everything a page did that it should not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PHONE = 380
"""Pixels."""


@dataclass
class Deeds:
    """What a page did besides showing itself."""

    said: list[str] = field(default_factory=list)
    """On the console, errors included, and in dialogues."""
    asked: list[str] = field(default_factory=list)
    """Requests, without the one for the page and the empty icon."""


def executable(playwright: Playwright) -> str:
    """The browser on PATH, else the one that Playwright installed."""
    found = next(filter(None, map(shutil.which, NAMES)), None) or playwright.chromium.executable_path
    if not Path(found).is_file():
        pytest.fail(f"no browser: `make browser` installs one, or put {' or '.join(NAMES)} on PATH.", pytrace=False)
    return found


@contextmanager
def opened(browser: Browser, path: Path, *, width: int = 1100, dark: bool = False) -> Iterator[tuple[Page, Deeds]]:
    """A page read from disk, in a profile of its own."""
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light")
    page, deeds = context.new_page(), Deeds()
    page.set_default_timeout(5000)
    page.on("console", lambda message: deeds.said.append(message.text))
    page.on("pageerror", lambda error: deeds.said.append(str(error)))
    page.on("dialog", lambda dialog: (deeds.said.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: deeds.asked.append(request.url))
    page.goto(path.as_uri())
    assert deeds.asked.pop(0) == path.as_uri()
    deeds.asked = [url for url in deeds.asked if url != "data:,"]
    yield page, deeds
    context.close()
