"""Who may reach the console, and who may not: other machines, and pages of others in a browser on this one."""

from collections.abc import Mapping

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.console.browser import ORIGIN, Browser, hidden
from tests.console.stage import Stage


@pytest.fixture
def stage(engine: AsyncEngine) -> Stage:
    return Stage(engine)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "localhost:9000", "[::1]:8080"])
async def test_the_names_of_this_machine_are_answered(stage: Stage, host: str):
    response = await stage.browser().get("/console/c/general", {"Host": host})
    assert response.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:8080"},
        {"Host": "192.168.1.7:8080"},
        {"Host": "0.0.0.0:8080"},
        {"Host": ""},
        {"Host": "[::1"},
        {"Host": "evil.example@127.0.0.1.example"},
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"Via": "1.1 proxy"},
    ],
    ids=str,
)
async def test_other_names_and_what_comes_through_a_proxy_are_refused(stage: Stage, headers: Mapping[str, str]):
    for path in ("/console/", "/console/c/general", "/console/c/general/news", "/console/static/x"):
        response = await stage.browser().get(path, headers)
        assert response.status_code == 403
        assert "on this machine only" in response.text
        assert response.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "https://127.0.0.1:8080"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "http://127.0.0.1:8080.evil.example"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["say", "press"])
async def test_a_form_of_another_page_is_refused_even_with_the_token(
    stage: Stage, path: str, headers: Mapping[str, str]
):
    browser = stage.browser()
    fields = {**await _hidden(browser), "text": ["unsubscribe all"], "ask": ["1 help"]}
    response = await browser.post(f"/console/c/general/{path}", fields, headers)
    assert response.status_code == 403
    assert (await browser.open("/console")).messages() == []


@pytest.mark.parametrize("token", [[], [""], ["guessed"], ["ü"]], ids=str)
@pytest.mark.parametrize("path", ["say", "press"])
async def test_a_form_without_the_token_of_this_process_is_refused(stage: Stage, path: str, token: list[str]):
    browser = stage.browser()
    response = await browser.post(f"/console/c/general/{path}", {"token": token, "text": ["yesterday"]})
    assert response.status_code == 403
    assert "Load it again" in response.text
    assert (await browser.open("/console")).messages() == []


async def test_a_page_from_before_a_restart_has_to_be_loaded_again(stage: Stage):
    fields = {**await _hidden(stage.browser()), "text": ["yesterday"]}
    response = await Browser(stage.process()).post("/console/c/general/say", fields)
    assert response.status_code == 403


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/json", ""])
async def test_only_forms_are_taken(stage: Stage, kind: str):
    browser = stage.browser()
    fields = {**await _hidden(browser), "text": ["yesterday"]}
    response = await browser.post("/console/c/general/say", fields, {"Content-Type": kind})
    assert response.status_code == 400


async def test_a_form_that_is_too_long_is_refused(stage: Stage):
    browser = stage.browser()
    fields = {**await _hidden(browser), "text": ["x" * 300_000]}
    assert (await browser.post("/console/c/general/say", fields)).status_code == 400


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_nothing_is_written_but_by_a_form(stage: Stage, method: str):
    transport = httpx.ASGITransport(app=stage.app)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        for path in ("say", "press"):
            response = await client.request(method, f"/console/c/general/{path}?text=yesterday&ask=1+help")
            assert response.status_code in {403, 405}
    assert (await stage.browser().open("/console")).messages() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"message": ["999"], "ask": ["1 help"]},
        {"message": ["-1"], "ask": ["1 help"]},
        {"message": ["2"], "ask": ["9 help"]},
        {"message": ["2"], "ask": ["nonsense"]},
        {"message": ["2"], "save": [""]},
        {"message": ["2"]},
    ],
    ids=str,
)
async def test_a_button_that_is_none_of_ours_is_refused(stage: Stage, fields: Mapping[str, list[str]]):
    browser = stage.browser()
    page = await browser.say(await browser.open("/console"), "help")
    response = await browser.post("/console/c/general/press", {**await _hidden(browser), **fields})
    assert response.status_code == 400
    assert (await browser.open("/console")).messages() == page.messages()


async def test_a_message_of_another_channel_is_not_found(stage: Stage):
    browser = stage.browser()
    await browser.say(await browser.open("/console/c/team"), "help")
    response = await browser.post(
        "/console/c/general/press", {**await _hidden(browser), "message": ["2"], "ask": ["1 help"]}
    )
    assert response.status_code == 400
    assert (await browser.get("/console/c/general/m/2")).status_code == 303


async def test_pages_allow_no_inline_script_or_style_and_are_not_kept(stage: Stage):
    browser = stage.browser()
    page = await browser.say(await browser.open("/console"), "yesterday")
    headers = page.response.headers
    assert headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    for element in page.root.iter():
        assert element.tag != "style"
        assert not [name for name in element.attrib if name == "style" or name.startswith(("on", "hx-on"))]
    for element in (*page.all(".//script"), *page.all(".//link[@rel='stylesheet']")):
        asset = await browser.get(element.get("src") or element.attrib["href"])
        assert asset.status_code == 200
        assert "immutable" in asset.headers["cache-control"]


async def _hidden(browser: Browser) -> dict[str, object]:
    page = await browser.open("/console")
    return dict(hidden(page.all(".//form[@id='composer']")[0]))
