"""What a browser does with GitHub's pages, for a person who says yes to everything."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx


class Form(HTMLParser):
    """The form of a page, as a browser fills it in by itself."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action, self._select = "", ""
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.action = given["action"] or ""
        elif tag == "input":
            self.fields[given["name"]] = given.get("value") or ""
        elif tag == "select":
            self._select = given["name"] or ""

    def handle_data(self, data: str) -> None:
        if self._select:
            self.fields.setdefault(self._select, data)
            self._select = ""


class Browser:
    """Goes from page to page: each form is filled in as `told`, and sent."""

    def __init__(self) -> None:
        self.http = httpx.Client(verify=False, timeout=30)

    def send(self, page: httpx.Response, **told: str) -> httpx.Response:
        """Where the form leads; a redirect is for the caller to follow, or not."""
        form = Form(page.text)
        return self.http.post(urljoin(str(page.url), form.action), data=form.fields | told)

    def get(self, url: str) -> httpx.Response:
        return self.http.get(url)
