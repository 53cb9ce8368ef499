import asyncio
import gzip
from dataclasses import replace
from datetime import timedelta

import pytest
from httpx import Response
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.browsing import DatabaseShelves
from bot.core.addresses import Addresses
from bot.core.language import Language
from bot.core.model import AnalystKind, Repo
from bot.core.ranges import Span
from formatters.html import STYLESHEET
from handlers.archive.answers import SECURITY
from tests.fakes import NOW, REPO, analysis_of
from tests.handlers.archive.conftest import DAY, GREET, SECRET, SHANGHAI, Site

ADDRESSES = Addresses(zone=SHANGHAI, language=Language.EN)
SPAN = Span(first=DAY, last=DAY.plus(1))
OTHER = Repo(owner="octo", name="other")
BASE = f"/repos/{REPO.full_name}"
HTML = "text/html; charset=utf-8"
MARKDOWN = "text/markdown; charset=utf-8"
PAGES = {
    "/": HTML,
    "/repos": HTML,
    ADDRESSES.repositories(): HTML,
    ADDRESSES.repository(REPO): HTML,
    ADDRESSES.repository(REPO, year=2026): HTML,
    ADDRESSES.day(DAY, REPO): HTML,
    f"{BASE}/2026-01-20.md": MARKDOWN,
    f"{BASE}/2026-01-20.json": "application/json",
    ADDRESSES.span(REPO, SPAN): HTML,
    f"{BASE}/2026-01-20..2026-01-21.md": MARKDOWN,
    f"{BASE}/2026-01-20..2026-01-21.json": "application/json",
    ADDRESSES.commit(REPO, GREET.sha): HTML,
    f"{BASE}/commits/{GREET.short_sha}.md": MARKDOWN,
    f"{BASE}/commits/{GREET.sha}.json": "application/json",
    ADDRESSES.search(REPO): HTML,
    ADDRESSES.search(REPO, "greet"): HTML,
    ADDRESSES.authors(REPO, SPAN): HTML,
    ADDRESSES.areas(REPO, SPAN): HTML,
    f"{BASE}/2026-01-20/authors": HTML,
    ADDRESSES.feed(REPO): "application/atom+xml; charset=utf-8",
    STYLESHEET.path: "text/css; charset=utf-8",
}
MISSING = [
    "/nothing",
    "/repos/",
    "/repos/octo",
    "/repos/octo/nothing",
    "/repos/octo/nothing/2026-01-20",
    f"{BASE}/2026-01-19",
    f"{BASE}/yesterday",
    f"{BASE}/2026-01-20.pdf",
    f"{BASE}/2026-01-20/authors.md",
    f"{BASE}/2026-01-20.md/authors",
    f"{BASE}/commits/ffffffff",
    f"{BASE}/commits/greet",
    f"{BASE}/search?q=greet&page=2",
    f"{BASE}?year=3000",
    f"{BASE}?host=example.org",
    "/static/archive.css",
    "/static/../bot/settings.py",
    "/repos/o%00/hello",
]


def has_what_protects(answer: Response) -> bool:
    return answer.headers.items() >= {name.lower(): value for name, value in SECURITY.items()}.items()


@pytest.mark.both_databases
@pytest.mark.parametrize("path", PAGES)
async def test_every_page_is_there_and_may_be_looked_at_without_its_body(site: Site, path: str):
    page = await site.get(path)
    assert (page.status_code, page.headers["Content-Type"]) == (200, PAGES[path])
    assert has_what_protects(page)
    head = await site.client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == page.headers


async def test_pages_say_what_is_stored(site: Site):
    assert GREET.subject.removesuffix(" (#7)").removeprefix("feat: ") in (await site.get(f"{BASE}/2026-01-20")).text
    document = (await site.get(f"{BASE}/2026-01-20.json")).json()
    assert [entry["commit"]["sha"] for entry in document["digest"]["entries"]] == [GREET.sha]
    commit = (await site.get(f"{BASE}/commits/{GREET.short_sha}.json")).json()
    assert commit["entry"]["commit"]["sha"] == GREET.sha


@pytest.mark.both_databases
@pytest.mark.parametrize("path", MISSING)
async def test_what_is_not_there_is_not_found(site: Site, path: str):
    answer = await site.get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, HTML)
    assert "There is nothing by that name." in answer.text
    assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == (
        "private, no-store",
        "noindex, nofollow",
    )
    assert has_what_protects(answer)


async def test_a_private_repository_is_missing_in_the_very_same_words(site: Site):
    for rest in ("", "/2026-01-20", "/2026-01-20.json", "/search?q=plot", "/days.atom", "/2026-01-20/areas"):
        private = await site.get(f"/repos/{SECRET.full_name}{rest}")
        absent = await site.get(f"/repos/octo/nothing{rest}")
        assert private.status_code == 404
        assert (private.text, private.headers) == (absent.text, absent.headers)
    assert SECRET.name not in (await site.get("/repos")).text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", PAGES)
async def test_nothing_can_be_done_but_reading(site: Site, method: str, path: str):
    answer = await site.client.request(method, path)
    assert (answer.status_code, {*answer.headers["Allow"].split(", ")}) == (405, {"GET", "HEAD"})
    assert "Pages can only be read." in answer.text
    assert has_what_protects(answer)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("tz=Mars/Olympus", "“Mars/Olympus” is not a time zone of the IANA database."),
        ("tz=../../etc/passwd", "“../../etc/passwd” is not a time zone of the IANA database."),
        ("lang=tlh", "There is no such language: “lang” may be en, zh."),
        ("branches=a..b", "“a..b” is not a pattern of branch names: write release/* or main."),
        ("year=last", "“year” is a number from 1 to 9999."),
    ],
)
async def test_a_query_that_is_not_understood_is_explained(site: Site, query: str, sentence: str):
    answer = await site.get(f"{BASE}?{query}")
    assert (answer.status_code, sentence in answer.text) == (400, True), answer.text


async def test_a_day_that_no_calendar_has_is_explained(site: Site):
    answer = await site.get(f"{BASE}/2026-02-30")
    assert (answer.status_code, "There is no day 2026-02-30 in the calendar." in answer.text) == (400, True)


async def test_what_is_not_understood_is_repeated_as_text_only(site: Site):
    answer = await site.get(f"{BASE}?tz=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("", "fr, en;q=0.5, zh-TW;q=0.7", "zh-Hans"),
        ("", "zh;q=0, fr", "en"),
        ("", ";;;,q=1,zh;q=9", "en"),
        ("?lang=en", "zh", "en"),
        ("?lang=zh", "en", "zh-Hans"),
    ],
)
async def test_a_page_is_in_the_language_asked_for_then_preferred_then_usual(
    site: Site, query: str, accepted: str, language: str
):
    for path in ("/repos", "/nothing"):
        answer = await site.get(f"{path}{query}", Accept_Language=accepted)
        assert answer.headers["Content-Language"] == language
        assert f'<html lang="{language}">' in answer.text
        assert "Accept-Language" in answer.headers["Vary"]


async def test_days_of_another_zone_are_other_days(site: Site):
    assert (await site.get(f"{BASE}/2026-01-20?tz=UTC")).status_code == 404


# What is kept


async def test_days_may_be_kept_for_a_minute_and_files_for_ever(site: Site):
    kept = {path: (await site.get(path)).headers["Cache-Control"] for path in ("/repos", f"{BASE}/2026-01-20")}
    assert kept == {"/repos": "no-cache", f"{BASE}/2026-01-20": "public, max-age=60"}
    assert (await site.get(STYLESHEET.path)).headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("coding", ["identity", "gzip", "gzip;q=0", "br, gzip;q=0.5", "*"])
@pytest.mark.parametrize("path", ["/repos", f"{BASE}/2026-01-20", STYLESHEET.path])
async def test_who_has_a_page_gets_it_again_only_when_it_has_changed(site: Site, path: str, coding: str):
    page = await site.get(path, Accept_Encoding=coding)
    mark = page.headers["ETag"]
    for known in (mark, f'"other", W/{mark}', "*"):
        again = await site.get(path, Accept_Encoding=coding, If_None_Match=known)
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", mark)
        assert has_what_protects(again)
    assert (await site.get(path, Accept_Encoding=coding, If_None_Match='"other"')).content == page.content


async def test_compressed_pages_have_a_mark_of_their_own(site: Site):
    async with site.client.stream("GET", f"{BASE}/2026-01-20", headers={"Accept-Encoding": "gzip"}) as answer:
        compressed = b"".join([part async for part in answer.aiter_raw()])
    plain = await site.get(f"{BASE}/2026-01-20", Accept_Encoding="identity")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(compressed) == plain.content
    assert answer.headers["ETag"] != plain.headers["ETag"]
    assert int(answer.headers["Content-Length"]) == len(compressed) < len(plain.content)


async def test_a_correction_shows_after_a_minute(site: Site):
    before = await site.get(f"{BASE}/2026-01-20")
    corrected = replace(analysis_of(GREET), headline="Greets on a second look", is_deep=True)
    await site.archive.save_analysis(REPO, corrected, AnalystKind.MODEL, NOW)
    assert (await site.get(f"{BASE}/2026-01-20")).text == before.text
    site.clock.forward(timedelta(minutes=1))
    while (again := await site.get(f"{BASE}/2026-01-20", If_None_Match=before.headers["ETag"])).status_code == 304:
        await asyncio.sleep(0.01)  # it is made anew meanwhile
    assert (again.status_code, "Greets on a second look" in again.text) == (200, True)


async def test_what_is_not_to_be_seen_any_more_is_shown_for_a_minute_and_once_more_at_most(
    site: Site, shelves: DatabaseShelves
):
    await site.keep(OTHER, DAY, GREET)
    await shelves.note_visibility(OTHER, is_public=True)
    path = ADDRESSES.day(DAY, OTHER)
    assert (await site.get(path)).status_code == 200
    await shelves.note_visibility(OTHER, is_public=False)
    site.clock.forward(timedelta(minutes=1))
    while (await site.get(path)).status_code == 200:
        await asyncio.sleep(0.01)
    assert (await site.get(path)).status_code == 404


async def test_nothing_is_shown_that_is_two_minutes_old(site: Site, shelves: DatabaseShelves):
    await site.keep(OTHER, DAY, GREET)
    await shelves.note_visibility(OTHER, is_public=True)
    assert (await site.get(ADDRESSES.day(DAY, OTHER))).status_code == 200
    await shelves.note_visibility(OTHER, is_public=False)
    site.clock.forward(timedelta(minutes=2))
    assert (await site.get(ADDRESSES.day(DAY, OTHER))).status_code == 404


# When it cannot be read


@pytest.mark.both_databases
async def test_without_its_database_the_archive_says_when_to_come_again(site: Site, engine: AsyncEngine):
    async with engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE repositories RENAME TO elsewhere")
    for path in ("/repos", f"{BASE}/2026-01-20"):
        answer = await site.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert "The archive cannot be read at the moment. Please try again in a minute." in answer.text
        assert has_what_protects(answer)
        assert "repositories.host" not in answer.text
