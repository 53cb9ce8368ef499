"""Strategies for what people write: hostile, long, Chinese, emoji, right to left, broken."""

import dataclasses

from hypothesis import strategies as st

from bot.core.model import Digest, Entry, Importance, Person, Repo
from tests.formatters import samples
from tests.formatters.test_conformance import HOSTILE, hostile_entry

_FRAGMENTS = [
    *HOSTILE,
    "&<>",
    "中文提交",
    "👩‍👩‍👧 🏴‍☠️",
    "שלום عالم",
    "\ud83d",
    "e\u0301",
    "`",
    "\\",
    "|",
    "_",
    "\n\n",
    "  ",
    "#",
    "word",
]

anything = st.one_of(
    st.text(max_size=40),
    st.sampled_from(_FRAGMENTS),
    st.lists(st.sampled_from(_FRAGMENTS), max_size=8).map("".join),
    st.builds(lambda fragment, times: fragment * times, st.sampled_from(_FRAGMENTS), st.sampled_from([30, 600])),
)

repos = st.sampled_from(
    [
        samples.REPO,
        Repo(owner="o" * 100, name="n" * 100),
        Repo(owner="a", name="b", host=""),
        Repo(owner="a", name="b", host="git.example"),
    ]
)


@st.composite
def digests(draw: st.DrawFn, *, most: int = 500) -> Digest:
    """Up to `most` commits that take turns with a few hostile texts, levels and authors."""
    texts = draw(st.lists(anything, min_size=1, max_size=4))
    levels = draw(st.lists(st.sampled_from(list(Importance)), min_size=1, max_size=5))
    number = draw(st.integers(0, most))
    made = [hostile_entry(text) for text in texts]
    entries = tuple(_nth(made[index % len(made)], index, levels[index % len(levels)]) for index in range(number))
    return dataclasses.replace(
        samples.DIGEST,
        repo=draw(repos),
        entries=entries,
        merges=draw(st.integers(0, 2)),
        sealed=draw(st.booleans()),
        lead=draw(anything),
    )


def _nth(entry: Entry, index: int, level: Importance) -> Entry:
    sha = f"{index:07x}".ljust(40, "a")
    commit = dataclasses.replace(
        entry.commit, sha=sha, author=Person(name=f"{entry.commit.author.name}{index % 7}", email="")
    )
    rating = dataclasses.replace(entry.analysis.rating, importance=level)
    return Entry(commit=commit, analysis=dataclasses.replace(entry.analysis, sha=sha, rating=rating))
