"""What a signature opens, and every way in which one is refused."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from itsdangerous import URLSafeSerializer

from bot.adapters.signing import LIFETIME, SignedLinks
from bot.core.addresses import Addresses
from bot.core.browsing import OPERATOR, Visitor
from bot.core.language import Language
from bot.core.model import Repo
from bot.core.ranges import Span
from bot.core.subscriptions import Platform
from tests.fakes import REPO
from tests.handlers.archive.conftest import DAY, KEY, OURS, PLOT, SECRET, SHANGHAI, Site

NEWER = "n" * 32
SPAN = Span(first=DAY, last=DAY)


def addresses(signature: str) -> Addresses:
    return Addresses(zone=SHANGHAI, language=Language.EN, signature=signature)


def pages(signature: str, repo: Repo = SECRET) -> list[str]:
    of = addresses(signature)
    return [
        of.repository(repo),
        of.day(DAY, repo),
        of.span(repo, SPAN),
        of.commit(repo, PLOT.sha),
        of.search(repo, "plot"),
        of.authors(repo, SPAN),
        of.areas(repo, SPAN),
        of.feed(repo),
    ]


@pytest.mark.both_databases
async def test_who_has_a_signed_link_sees_all_pages_of_its_repository(site: Site):
    for path in pages(site.signing.sign(OURS, SECRET)):
        page = await site.get(path)
        assert (page.status_code, page.headers["Cache-Control"]) == (200, "private, no-store")
        assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert "ETag" not in page.headers


async def test_the_links_of_a_signed_page_are_signed(site: Site):
    signature = site.signing.sign(OURS, SECRET)
    page = (await site.get(addresses(signature).day(DAY, SECRET))).text
    links = [part.partition('"')[0] for part in page.split('href="/repos/')[1:]]
    assert links
    assert all(f"signed={signature}" in link for link in links)
    assert '<meta name="robots" content="noindex, nofollow">' in page


@dataclass
class Attack:
    name: str
    signature: Callable[[Site], str]
    after: timedelta = timedelta()
    repo: Repo = SECRET


def altered(site: Site) -> str:
    signature = site.signing.sign(OURS, SECRET)
    return signature[:-2] + ("A" if signature[-2] != "A" else "B") + signature[-1]


def with_other_contents(site: Site) -> str:
    ours, theirs = (site.signing.sign(replace(OURS, workspace=workspace), SECRET) for workspace in ("T1", "T2"))
    return ours.rpartition(".")[0] + "." + theirs.rpartition(".")[2]


def by_another_key(site: Site) -> str:
    return SignedLinks([NEWER], now=site.clock).sign(OURS, SECRET)


def for_another_purpose(_site: Site) -> str:
    """With our key, by another part of us."""
    contents = ["slack", "T1", "github.com", SECRET.full_name, 4_000_000_000]
    return str(URLSafeSerializer(KEY, salt="other").dumps(contents))


ATTACKS = [
    Attack("none", lambda _: ""),
    Attack("nonsense", lambda _: "open sesame"),
    Attack("altered", altered),
    Attack("its contents with another signature", with_other_contents),
    Attack("cut", lambda site: site.signing.sign(OURS, SECRET).rpartition(".")[0]),
    Attack("endless", lambda site: site.signing.sign(OURS, SECRET) + "A" * 10_000),
    Attack("expired", lambda site: site.signing.sign(OURS, SECRET), after=LIFETIME),
    Attack("of another repository", lambda site: site.signing.sign(OURS, REPO)),
    Attack("of a namesake elsewhere", lambda site: site.signing.sign(OURS, replace(SECRET, host="example.org"))),
    Attack("of another workspace", lambda site: site.signing.sign(replace(OURS, workspace="T2"), SECRET)),
    Attack("by another key", by_another_key),
    Attack("for another purpose", for_another_purpose),
    Attack(
        "for another repository's page", lambda site: site.signing.sign(OURS, SECRET), repo=Repo(owner="o", name="n")
    ),
]


@pytest.mark.both_databases
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_what_is_wrongly_signed_is_not_there(site: Site, attack: Attack):
    signature = attack.signature(site)
    site.clock.forward(attack.after)
    absent = await site.get("/repos/octo/nothing")
    for path in pages(signature, attack.repo):
        answer = await site.get(path)
        assert (answer.status_code, answer.text) == (404, absent.text)
        assert answer.headers == absent.headers


async def test_a_signature_opens_no_list_of_other_repositories(site: Site):
    page = await site.get(f"/repos?signed={site.signing.sign(OURS, SECRET)}")
    assert page.status_code == 200
    assert SECRET.name not in page.text
    assert "signed=" not in page.text


async def test_a_public_page_with_a_bad_signature_is_the_public_one(site: Site):
    page = await site.get(addresses("nonsense").day(DAY, REPO))
    assert (page.status_code, "signed=" in page.text) == (200, False)
    assert page.headers["Cache-Control"] == "private, no-store"


async def test_what_a_signature_showed_is_not_kept_for_others(site: Site):
    await site.get(addresses(site.signing.sign(OURS, SECRET)).day(DAY, SECRET))
    assert (await site.get(addresses("").day(DAY, SECRET))).status_code == 404


# The links themselves


def test_links_live_between_29_and_30_days_and_are_the_same_all_day(site: Site):
    signature = site.signing.sign(OURS, SECRET)
    site.clock.forward(timedelta(days=29) - timedelta(seconds=1))
    assert site.signing.visitor(signature, SECRET) == OURS
    site.clock.forward(timedelta(days=1))
    assert site.signing.visitor(signature, SECRET) is None


def test_a_new_key_signs_and_the_old_ones_are_still_known(site: Site):
    old = site.signing.sign(OURS, SECRET)
    rotated = SignedLinks([NEWER, KEY], now=site.clock)
    new = rotated.sign(OURS, SECRET)
    assert rotated.visitor(old, SECRET) == rotated.visitor(new, SECRET) == OURS
    assert site.signing.visitor(new, SECRET) is None
    assert SignedLinks([NEWER], now=site.clock).visitor(old, SECRET) is None


def test_without_a_key_nothing_is_signed_and_nothing_is_believed(site: Site):
    without = SignedLinks([], now=site.clock)
    assert without.sign(OURS, SECRET) == ""
    assert without.visitor(site.signing.sign(OURS, SECRET), SECRET) is None


@pytest.mark.parametrize("visitor", [OURS, OPERATOR, Visitor(platform=Platform.FEISHU, workspace="租户 <&>")])
def test_a_signature_is_of_the_whole_repository_in_any_capitals(site: Site, visitor: Visitor):
    signature = site.signing.sign(visitor, SECRET.with_branches("release/*"))
    assert site.signing.visitor(signature, Repo(owner="OCTO", name="SkunkWorks")) == visitor
