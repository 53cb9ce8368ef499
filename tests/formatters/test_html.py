"""The archive's pages: what is on them, that it is valid, and that every link leads somewhere."""

import dataclasses
import gzip
import re
from calendar import month_name
from collections.abc import Iterator
from datetime import date
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.addresses import ROOT, Addresses, Format
from bot.core.language import Language
from bot.core.model import Digest
from bot.core.pages import CommitPage, DayPage, Page, RangePage, SearchPage, SharesPage
from bot.core.replies import RangeView
from formatters import html
from formatters.wording import visible
from tests.formatters import archived, samples
from tests.formatters.archived import parsed
from tests.formatters.test_anchors import few
from tests.formatters.test_conformance import hostile_digest, hostile_entry, related_entry
from tests.formatters.test_languages import DATA, marked, unsaid
from tests.formatters.test_snapshots import TextFile
from tests.formatters.texts import anything, digests

__all__ = ["marked"]

in_both_languages = pytest.mark.parametrize("addresses", [archived.ENGLISH, archived.CHINESE], ids=["en", "zh"])
every_page = pytest.mark.parametrize("page", archived.PAGES.values(), ids=archived.PAGES.keys())


class HtmlFile(TextFile):
    file_extension = "html"


def looked_at(document: str) -> str:
    """Without the fingerprint of the stylesheet, which changes with every colour."""
    return document.replace(html.STYLESHEET.path, "/static/archive.css")


class AtomFile(TextFile):
    file_extension = "atom"


def elements(document: str, name: str = "*") -> Iterator:
    return (element for element in parsed(document).iter(name) if isinstance(element.tag, str))


# Every page


@in_both_languages
def test_a_real_day_looks_as_it_did(addresses: Addresses, snapshot):
    page = archived.day_page(archived.real_day(addresses.language))
    assert looked_at(html.render(page, addresses)) == snapshot(extension_class=HtmlFile)


@every_page
@in_both_languages
def test_every_page_looks_as_it_did(page: Page, addresses: Addresses, snapshot):
    assert looked_at(html.render(page, addresses)) == snapshot(extension_class=HtmlFile)


@every_page
@in_both_languages
def test_every_page_is_valid_and_has_one_title_and_its_landmarks(page: Page, addresses: Addresses):
    document = html.render(page, addresses)
    root = parsed(document)
    assert root.get("lang") == {"en": "en", "zh": "zh-Hans"}[addresses.language]
    assert [len(list(root.iter(name))) for name in ("title", "h1", "main", "footer")] == [1, 1, 1, 1]
    ids = [element.get("id") for element in root.iter("*") if element.get("id")]
    assert len(ids) == len(set(ids))


@every_page
def test_no_page_has_script_or_style_of_its_own(page: Page):
    document = html.render(page, archived.ENGLISH)
    for element in elements(document):
        assert element.tag not in {"script", "style", "iframe", "object", "base"}
        assert not [name for name in element.attrib if name.startswith("on") or name == "style"]
    assert [link.get("href") for link in elements(document, "link") if link.get("rel") == "stylesheet"] == [
        html.STYLESHEET.path
    ]


@every_page
@in_both_languages
def test_every_link_leads_somewhere(page: Page, addresses: Addresses):
    document = html.render(page, addresses)
    ids = {element.get("id") for element in elements(document)}
    for link in links(document):
        if link.startswith("#"):
            assert link[1:] in ids
        elif not link.startswith("/static/"):
            assert_leads_to_a_page(link, addresses)
    for element in elements(document):
        for name in (element.get("aria-labelledby") or "").split():
            assert name in ids


def links(document: str) -> list[str]:
    return [link for element in elements(document) if (link := element.get("href") or element.get("action"))]


def assert_leads_to_a_page(link: str, addresses: Addresses) -> None:
    there = urlsplit(link)
    if there.scheme:
        assert link.startswith("https://github.com/ai-dynamo/dynamo")
        return
    assert re.fullmatch(
        rf"{ROOT}(/[^/]+/[^/]+(/search|/days\.atom|/commits/[0-9a-f]{{40}}(\.md|\.json)?"
        r"|/\d{4}-\d\d-\d\d(\.\.\d{4}-\d\d-\d\d(/authors|/areas)?)?(\.md|\.json)?)?)?",
        there.path,
    )
    assert there.query == "" or "tz" in dict(parse_qsl(there.query))


@pytest.mark.parametrize("number", [1, 60, 200])
def test_every_commit_of_a_day_is_on_its_page(number: int):
    digest = samples.many(number)
    document = html.render(archived.day_page(digest), archived.ENGLISH)
    assert {archived.ENGLISH.commit(digest.repo, entry.commit.sha) for entry in digest.entries} <= set(links(document))


def test_a_large_day_is_small_on_the_wire():
    document = html.render(archived.day_page(samples.many(60)), archived.ENGLISH)
    assert len(gzip.compress(document.encode())) < 150_000


def test_a_page_of_a_private_repository_keeps_its_signature_and_hides_from_search_engines():
    signed = dataclasses.replace(archived.ENGLISH, signature="s1gned")
    document = html.render(archived.PAGES["day"], signed)
    assert all("signed=s1gned" in link for link in links(document) if link.startswith(ROOT) and "?" in link)
    assert '<meta name="robots" content="noindex, nofollow">' in document
    assert ("signed", "s1gned") in [(field.get("name"), field.get("value")) for field in elements(document, "input")]
    assert "robots" not in html.render(archived.PAGES["day"], archived.ENGLISH)


def test_a_calendar_tells_quiet_days_from_those_that_nobody_read():
    document = html.render(archived.year(), archived.ENGLISH)
    cells = {cell.get("class"): cell for cell in elements(document, "td") if cell.get("class")}
    assert {"quiet d0", "unread", "high d3", "high d2", "low d1", "medium d2"} <= set(cells)
    assert cells["quiet d0"].find("a/span[@class='unseen']").text == "2026-01-19: 0 commits"
    assert cells["unread"].find("a") is None


@in_both_languages
def test_an_error_is_a_page(addresses: Addresses, snapshot):
    document = html.error(archived.PROBLEM, 404, addresses)
    parsed(document)
    assert looked_at(document) == snapshot(extension_class=HtmlFile)


def test_a_date_of_the_calendar_is_where_its_day_is():
    document = html.render(archived.year(), archived.ENGLISH)
    assert archived.ENGLISH.date(samples.REPO, date(2026, 1, 21)) in links(document)


# Whatever people write


@pytest.mark.usefixtures("marked")
@every_page
def test_all_that_we_say_goes_through_the_catalogue(page: Page):
    entry, digest = hostile_entry(DATA), hostile_digest(DATA)
    late = dataclasses.replace(entry, is_late=True, relations=related_entry().relations)
    match page:
        case DayPage():
            page = archived.day_page(dataclasses.replace(digest, entries=(late, entry)))
        case RangePage():
            view = RangeView(
                repo=samples.REPO, digests=(dataclasses.replace(digest, entries=(late, entry)),), lead=DATA
            )
            page = dataclasses.replace(page, view=view)
        case CommitPage():
            page = archived.commit_page(late, archived.hostile_diff(late))
        case SearchPage():
            page = dataclasses.replace(page, words=DATA, entries=page.entries and (late,))
        case SharesPage():
            shares = tuple(dataclasses.replace(share, name=share.name and DATA) for share in page.shares)
            page = dataclasses.replace(page, shares=shares)
        case _:
            pass
    document = html.render(page, archived.ENGLISH)
    read = [archived.shown(document), *titles(document)]
    for text in read:
        assert not re.search("[A-Za-z]{2,}", unsaid(_NOT_WORDS.sub("", text)))


#: Names of formats, of the product and of a repository; and of months and the days of a week, which Babel knows.
_NAMES = (
    "Markdown",
    "JSON",
    "Atom",
    "Dynamo Digest",
    "octo/hello@release/",
    "Asia/Shanghai",
    "MTWTFSS",
    *month_name[1:],
)
_NOT_WORDS = re.compile("|".join(_NAMES))


def titles(document: str) -> list[str]:
    names = ("title", "aria-label", "placeholder", "alt", "abbr")
    return [element.get(name) for element in elements(document) for name in names if element.get(name)]


@few
@given(digest=digests(most=3), words=anything.map(visible), language=st.sampled_from(Language))
def test_pages_of_anything_are_valid(digest: Digest, words: str, language: Language):
    addresses = dataclasses.replace(archived.ENGLISH, language=language)
    search = SearchPage(repo=digest.repo, zone=digest.day.zone, words=words, entries=digest.entries, total=99, pages=9)
    commits = (archived.commit_page(entry, archived.hostile_diff(entry), digest.repo) for entry in digest.entries[:2])
    for page in (archived.day_page(digest), archived.range_page(digest), search, *commits):
        document = html.render(page, addresses)
        document.encode()
        root = parsed(document)
        ids = {element.get("id") for element in root.iter()}
        found = [link for element in root.iter() if (link := element.get("href"))]
        assert {link[1:] for link in found if link.startswith("#")} <= ids
        hosts = {urlsplit(link).netloc for link in found}
        assert hosts <= {"", digest.repo.host}


# Search


def test_the_words_that_were_looked_for_are_marked():
    document = html.render(archived.SEARCH, archived.ENGLISH)
    assert {mark.text for mark in elements(document, "mark")} == {"images", "engine"}


@pytest.mark.parametrize(("words", "marked"), [("图片", {"图片"}), ("<b> &", {"<b>", "&"}), ("a.c", set())])
def test_words_are_marked_as_they_were_entered(words: str, marked: set[str]):
    entry = samples.entry(samples.MULTI_IMAGE.commit, headline="读取图片 <b> abc & d")
    page = dataclasses.replace(archived.SEARCH, words=words, entries=(entry,))
    headline = parsed(html.render(page, archived.ENGLISH)).find(".//h2/a")
    assert "".join(headline.itertext()) == "读取图片 <b> abc & d"
    assert {mark.text for mark in headline.iter("mark")} == marked


def test_pages_of_results_lead_to_their_neighbours():
    document = html.render(archived.SEARCH, archived.ENGLISH)
    found = ((link.get("rel"), link.get("href")) for link in elements(document, "a"))
    turns = [(rel, href) for rel, href in found if rel in {"prev", "next"}]
    there = archived.ENGLISH.search(samples.REPO, archived.SEARCH.words)
    assert turns == [("prev", there), ("next", archived.ENGLISH.search(samples.REPO, archived.SEARCH.words, 3))]


# Languages and pictures

SVG = "{http://www.w3.org/2000/svg}"


def test_an_analysis_in_another_language_says_so_and_our_words_in_it_are_ours():
    document = html.render(archived.PAGES["commit"], archived.CHINESE)
    block = parsed(document).find(".//article/div")
    assert block.get("lang") == "en"
    assert {heading.get("lang") for heading in block.iter("h2")} == {"zh-Hans"}
    assert not parsed(html.render(archived.PAGES["commit"], archived.ENGLISH)).findall(".//article/div[@lang]")


def test_the_picture_of_a_day_can_be_read_out():
    drawn = parsed(html.render(archived.PAGES["day"], archived.ENGLISH)).find(f".//figure/{SVG}svg")
    assert drawn.find(f"{SVG}title").text == "Commits by area"
    assert drawn.find(f"{SVG}desc").text == (
        "…/src/dynamo/sglang: 2 commits, 🔴 2; top folder: 1 commit, 🟢 1; …/src/dynamo/vllm: 1 commit, 🔴 1; "
        "container: 1 commit, 🟡 1; lib: 1 commit, 🟡 1"
    )
    widths = [float(part.get("width").removesuffix("%")) for part in drawn.iter(f"{SVG}rect")]
    assert widths == [52, 26, 26, 26, 26]


def test_the_head_names_the_other_formats_languages_and_neighbours():
    root = parsed(html.render(archived.PAGES["day"], archived.ENGLISH))
    heads = [link.attrib for link in root.iter("link")]
    found = [(link["rel"], link.get("type") or link.get("hreflang"), link["href"]) for link in heads]
    here, day = archived.ENGLISH, samples.DAY
    assert found == [
        ("stylesheet", None, html.STYLESHEET.path),
        ("alternate", "text/markdown", here.day(day, samples.REPO, Format.MARKDOWN)),
        ("alternate", "application/json", here.day(day, samples.REPO, Format.JSON)),
        ("alternate", "application/atom+xml", here.feed(samples.REPO)),
        ("alternate", "zh-Hans", archived.CHINESE.day(day, samples.REPO)),
        ("prev", None, here.day(day.plus(-1), samples.REPO)),
        ("next", None, here.day(day.plus(1), samples.REPO)),
    ]
