"""Whatever is asked for, and however: never a crash, never a private name, always what protects."""

from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes import REPO
from tests.handlers.archive.conftest import GREET, PLOT, SECRET, Site
from tests.handlers.archive.test_pages import has_what_protects

NASTY = st.sampled_from(
    [
        "",
        "\x00",
        "..",
        "%",
        "'",
        '"',
        "<script>",
        "{{7*7}}",
        "\ud800",
        "\uffff",
        "‮",
        "a" * 5000,
        "-1",
        "9" * 40,
        "*",
        "OR",
    ]
)
TEXT = NASTY | st.text(max_size=20)
NAMES = st.sampled_from([REPO.owner, REPO.name, SECRET.name, "octo", ".git", "local"]) | TEXT
DAYS = st.sampled_from(
    ["2026-01-20", "2026-01-21", "0000-00-00", "9999-12-31", "2026-01-20..2026-01-21", "..", "２０２６-01-20"]
)
ENDS = st.sampled_from(["", ".md", ".json", ".atom", "/authors", "/areas", "/search", "/"]) | TEXT
REST = st.one_of(
    st.tuples(DAYS, ENDS).map("".join),
    st.tuples(st.sampled_from(["commits/"]), st.sampled_from([GREET.sha, PLOT.sha, "abcd"]) | TEXT, ENDS).map("".join),
    st.just("search"),
    st.just("days.atom"),
    TEXT,
)
FIELDS = st.sampled_from(["host", "branches", "tz", "lang", "year", "page", "q", "signed", "x"])
VALUES = (
    st.sampled_from(
        ["UTC", "Asia/Shanghai", "zh", "en", "local", "github.com", "2026", "1", "greet", "问候", "release/*"]
    )
    | TEXT
)
QUERIES = st.dictionaries(FIELDS, VALUES, max_size=5)
HEADERS = st.dictionaries(
    st.sampled_from(["Accept-Language", "Accept-Encoding", "If-None-Match", "Host", "Range", "Accept", "Cookie"]),
    st.sampled_from(["zh", "zh;q=", "gzip;q=9", "*", '"', "W/", "evil.example", "bytes=0-1", "\t"])
    | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30).map(str.strip),
    max_size=4,
)


@pytest.mark.both_databases
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(owner=NAMES, name=NAMES, rest=REST, query=QUERIES, headers=HEADERS)
async def test_nothing_that_is_asked_for_breaks_anything(
    site: Site, owner: str, name: str, rest: str, query: dict[str, str], headers: dict[str, str]
):
    path = "/".join(("/repos", _quoted(owner), _quoted(name), _quoted(rest)))
    address = f"{path}?{urlencode(query, errors='surrogatepass')}"
    answer = await site.client.get(address, headers=headers)
    assert answer.status_code in {200, 304, 400, 404}
    assert has_what_protects(answer)
    assert PLOT.subject not in answer.text
    assert "<script" not in answer.text


def _quoted(text: str) -> str:
    return quote(text, safe="/.", errors="surrogatepass")
