"""A browser without a script: it follows links, fills in forms that are on the page, and presses their buttons."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

import html5lib
import httpx
from starlette.types import ASGIApp

ORIGIN = "http://127.0.0.1:8080"


class Page:
    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        self.root: Element = parser.parse(response.text)

    @property
    def text(self) -> str:
        return words(self.root)

    def all(self, path: str) -> list[Element]:
        return self.root.findall(path)

    def messages(self) -> list[str]:
        """What stands in the channel, each on one line."""
        return [words(item) for item in self.all(".//ol[@id='messages']/li")]

    def buttons(self) -> list[str]:
        return [words(button) for button in self.all(".//button")]


def words(element: Element) -> str:
    return re.sub(r"\s+", " ", " ".join(element.itertext())).strip()


class Browser:
    def __init__(self, app: ASGIApp, language: str = "en", *, is_patient: bool = True) -> None:
        #: Follows a page's wish to be loaded again until the answer is there.
        self._is_patient = is_patient
        transport = httpx.ASGITransport(app=app)
        self._client = httpx.AsyncClient(
            transport=transport, base_url=ORIGIN, headers={"Accept-Language": language}, follow_redirects=True
        )

    async def open(self, address: str) -> Page:
        response = await self._client.get(address)
        assert response.status_code == 200, response.text
        return Page(response)

    async def say(self, page: Page, text: str) -> Page:
        (form,) = page.all(".//form[@id='composer']")
        return await self._send(form, {**hidden(form), "text": [text]})

    async def ask_about(self, page: Page, text: str) -> Page:
        form = page.all(".//details[@class='ask-about']/form")[-1]
        return await self._send(form, {**hidden(form), "text": [text]})

    async def press(self, page: Page, label: str, **filled: str | Sequence[str]) -> Page:
        """The last button with that label, with what stands in its form, of which some is filled in otherwise."""
        for form in reversed(page.all(".//form[@class='drawn']")):
            pressed = [button for button in form.iter("button") if words(button) == label]
            if pressed:
                values = {**entered(form), **{name: _listed(value) for name, value in filled.items()}}
                values[pressed[-1].attrib["name"]] = [pressed[-1].attrib["value"]]
                return await self._send(form, values)
        raise AssertionError(f"no button {label!r} among {page.buttons()}")

    async def _send(self, form: Element, values: Mapping[str, Sequence[str]]) -> Page:
        address = form.attrib["action"]
        response = await self.post(address, values)
        assert response.status_code == 200, response.text
        page = Page(response)
        while self._is_patient and page.all(".//meta[@http-equiv='refresh']"):
            await asyncio.sleep(0.02)
            page = await self.open(str(response.url))
        return page

    async def post(
        self, address: str, values: Mapping[str, Sequence[str]], headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        sent = {"Origin": ORIGIN, "Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return await self._client.post(address, content=urlencode(values, doseq=True), headers=sent)

    async def get(self, address: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return await self._client.get(address, headers=headers, follow_redirects=False)


def hidden(form: Element) -> dict[str, Sequence[str]]:
    fields = [field for field in form.iter("input") if field.get("type") == "hidden"]
    return {field.attrib["name"]: [field.get("value", "")] for field in fields}


def entered(form: Element) -> dict[str, Sequence[str]]:
    """What a browser would send of a form, without its buttons."""
    values: dict[str, list[str]] = {}
    for field in form.iter():
        name = field.get("name")
        if name is None or field.tag == "button":
            continue
        if field.tag == "select":
            chosen = [option for option in field.iter("option") if "selected" in option.attrib]
            shown = [option.get("value", words(option)) for option in chosen or list(field.iter("option"))[:1]]
        elif field.get("type") in {"checkbox", "radio"}:
            shown = [field.get("value", "on")] if "checked" in field.attrib else []
        else:
            shown = [field.text or "" if field.tag == "textarea" else field.get("value", "")]
        values.setdefault(name, []).extend(shown)
    return {name: shown for name, shown in values.items() if shown}


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value
