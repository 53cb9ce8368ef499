"""The feed, as a reader of feeds understands it."""

import dataclasses
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import feedparser
import pytest

from bot.core.addresses import Addresses
from formatters import html
from tests.formatters import archived, samples
from tests.formatters.test_conformance import HOSTILE, hostile_digest
from tests.formatters.test_html import AtomFile, in_both_languages

UPDATED = datetime(2026, 1, 21, 16, 30, tzinfo=UTC)
_ATOM = "{http://www.w3.org/2005/Atom}"


def feed(addresses: Addresses = archived.ENGLISH, *, base_url: str = archived.BASE_URL, **changes: object) -> str:
    return html.feed(dataclasses.replace(archived.FEED, **changes), addresses, base_url, UPDATED)


def ids(document: str) -> list[str]:
    return [element.text for element in ET.fromstring(document.encode()).iter(f"{_ATOM}id")]


@in_both_languages
def test_a_feed_looks_as_it_did(addresses: Addresses, snapshot):
    assert feed(addresses) == snapshot(extension_class=AtomFile)


def test_a_reader_of_feeds_finds_every_day():
    found = feedparser.parse(feed())
    assert not found.bozo
    assert found.version == "atom10"
    assert found.feed.language == "en"
    assert found.feed.title == "ai-dynamo/dynamo: commits of each day in Asia/Shanghai"
    assert [link.rel for link in found.feed.links] == ["self", "alternate"]
    assert [entry.title for entry in found.entries] == [
        f"ai-dynamo/dynamo: {date} (Asia/Shanghai)" for date in ("2026-01-21", "2026-01-20")
    ]
    address = archived.ENGLISH.day(samples.DAY, samples.REPO)
    assert found.entries[0].link == archived.BASE_URL + address
    assert found.entries[0].summary == samples.LEAD
    assert "Disaggregated SGLang workers can register IPv6 addresses" in found.entries[0].content[0].value


def test_a_feed_has_what_the_standard_demands():
    """https://www.rfc-editor.org/rfc/rfc4287#section-4.1"""
    root = ET.fromstring(feed().encode())
    assert root.tag == f"{_ATOM}feed"
    for element in (root, *root.iter(f"{_ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(_ATOM + name)) == 1
        assert datetime.fromisoformat(element.find(f"{_ATOM}updated").text).tzinfo is not None
        assert len(element.findall(f"{_ATOM}link[@rel='alternate']")) == 1
    assert root.find(f"{_ATOM}author/{_ATOM}name").text == "Dynamo Digest"


def test_ids_never_change_and_are_of_one_day_zone_and_language():
    first, second = (dataclasses.replace(digest, lead="other") for digest in archived.FEED.digests)
    moved = feed(base_url="https://elsewhere.example", digests=(first, second))
    renamed = feed(repo=dataclasses.replace(samples.REPO, owner="AI-Dynamo"))
    assert ids(feed()) == ids(moved) == ids(renamed)
    assert len(set(ids(feed()))) == 3
    assert not set(ids(feed())) & set(ids(feed(archived.CHINESE)))


@pytest.mark.parametrize("text", [*HOSTILE, "\ufffe\uffff ]]> <!--", "\x00"])
def test_what_people_write_leaves_the_feed_well_formed(text: str):
    found = feedparser.parse(feed(digests=(hostile_digest(text),)))
    assert not found.bozo
    assert "<script" not in found.entries[0].content[0].value
