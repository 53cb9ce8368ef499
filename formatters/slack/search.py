"""Commits that were found, each with the button to its analysis."""

from collections.abc import Iterator, Sequence

from bot.core.model import Entry, Repo
from bot.core.replies import SearchResults
from formatters import found
from formatters import wording as say
from formatters.slack import blocks, limits
from formatters.slack.blocks import Block

#: Characters kept for the line that says how many are not shown.
_MORE_WEIGHT = 100


def message(reply: SearchResults) -> list[Block]:
    title = blocks.rich(blocks.line(*blocks.prose(found.summary(reply), limits.STATEMENT_MAX)))
    return [title, *rows(reply.repo, reply.entries, around=[title], total=reply.total)]


def rows(repo: Repo, entries: Sequence[Entry], *, around: Sequence[Block], total: int = 0) -> list[Block]:
    """As many commits as a message holds beside the blocks around them, and how many more there are of `total`."""
    room = limits.MESSAGE_BLOCKS_MAX - len(around) - 1
    free = limits.MESSAGE_CHARACTERS_MAX - blocks.weight(list(around)) - _MORE_WEIGHT
    shown = list(_that_fit((row(repo, entry) for entry in entries[:room]), free))
    left_out = max(total, len(entries)) - len(shown)
    return [*shown, *([blocks.context(say.more_items(left_out))] if left_out else [])]


def _that_fit(all_rows: Iterator[Block], characters: int) -> Iterator[Block]:
    for block in all_rows:
        characters -= blocks.weight(block)
        if characters < 0:
            return
        yield block


def row(repo: Repo, entry: Entry) -> Block:
    """`🔴 2026-01-21 8877c46 headline`, with the button that opens the analysis."""
    commit = entry.commit
    facts = f"{say.ICONS[entry.analysis.importance]} {commit.committed_at.date().isoformat()} {commit.short_sha}"
    text = f"{facts} {say.unquoted(say.headline(entry))}"
    return {
        "type": "section",
        "text": blocks.plain(text, limits.HEADLINE_MAX),
        "accessory": blocks.details(repo, entry),
    }
