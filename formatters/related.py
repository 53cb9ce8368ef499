"""What all formatters say of related commits, and of a digest that was corrected because of them."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from bot.core.language import N_, _, decimal, joined, ngettext
from bot.core.model import Entry, KnownCommit, Related, RelationKind
from bot.core.replies import DigestView, RangeView

#: Stands before a commit that was taken back; narrow everywhere, unlike the emoji that looks like it.
MARK: Final = "↩"
RELATED: Final = N_("Related commits")
#: Other commits that one line of a list names, and that an analysis names.
BRIEF_MAX: Final = 3
ALL_MAX: Final = 30

_DOES: Final[Mapping[RelationKind, str]] = {
    RelationKind.REVERTS: N_("reverts {commit}"),
    RelationKind.RELANDS: N_("lands {commit} again"),
    RelationKind.FOLLOWS_UP: N_("follows up {commit}"),
    RelationKind.BACKPORTS: N_("backports {commit}"),
}
_UNDERGOES: Final[Mapping[RelationKind, str]] = {
    RelationKind.REVERTS: N_("reverted by {commit} on {date}"),
    RelationKind.RELANDS: N_("landed again with {commit} on {date}"),
    RelationKind.FOLLOWS_UP: N_("followed up by {commit} on {date}"),
    RelationKind.BACKPORTS: N_("backported by {commit} on {date}"),
}


class Sentence(NamedTuple):
    """One relation, with room for a link in its middle."""

    before: str
    commit: KnownCommit
    after: str

    def __str__(self) -> str:
        number = f" (#{self.commit.pull_request})" if self.commit.pull_request is not None else ""
        return f"{self.before}{self.commit.short_sha}{number}{self.after}"


def sentences(entry: Entry, zone: ZoneInfo) -> Iterator[Sentence]:
    """What became of the commit, and what it is to others; dates are those of the zone."""
    told = sorted(entry.relations, key=lambda related: _RANKS.index((related.kind, related.is_later)))
    return (_sentence(related, zone) for related in told[:ALL_MAX])


def brief(entry: Entry, zone: ZoneInfo) -> str:
    """The most telling relations on one line: `reverted by 1a2b3c4 (#5521) on 2026-01-23`; empty without any."""
    shown = [str(sentence) for sentence in sentences(entry, zone)][:BRIEF_MAX]
    if left_out := len(entry.relations) - len(shown):
        shown.append(_("… {number} more", number=decimal(left_out)))
    return " · ".join(shown)


def mark(entry: Entry) -> str:
    """Stands before the headline of a commit that was reverted, with a space; else nothing."""
    return f"{MARK} " if entry.is_reverted else ""


def correction(view: DigestView | RangeView) -> str:
    """When a posted digest, of a day or of several, was corrected, and why; empty for one that was not."""
    if view.corrected_at is None:
        return ""
    zone = (view.digest.day if isinstance(view, DigestView) else view.last).zone
    date = view.corrected_at.astimezone(zone).date().isoformat()
    changes = joined(_changes(view))
    if not changes:
        return _("Corrected {date}.", date=date)
    return _("Corrected {date}: {changes}.", date=date, changes=changes)


def _changes(view: DigestView | RangeView) -> Iterator[str]:
    own = {entry.commit.sha for entry in view.entries}
    touched = [entry for entry in view.entries if _was_reverted_elsewhere(entry, own)]
    gone = sum(entry.is_reverted for entry in touched)
    if gone:
        yield ngettext("{number} commit was reverted since", "{number} commits were reverted since", gone)
    if back := len(touched) - gone:
        yield ngettext(
            "{number} commit was reverted and landed again since",
            "{number} commits were reverted and landed again since",
            back,
        )


def _was_reverted_elsewhere(entry: Entry, own: set[str]) -> bool:
    return any(
        related.is_later and related.kind is RelationKind.REVERTS and related.commit.sha not in own
        for related in entry.relations
    )


#: The most telling relations first.
_RANKS: Final = (
    (RelationKind.REVERTS, True),
    (RelationKind.RELANDS, True),
    (RelationKind.REVERTS, False),
    (RelationKind.RELANDS, False),
    (RelationKind.BACKPORTS, False),
    (RelationKind.FOLLOWS_UP, False),
    (RelationKind.FOLLOWS_UP, True),
    (RelationKind.BACKPORTS, True),
)


def _sentence(related: Related, zone: ZoneInfo) -> Sentence:
    hole = "\0"
    date = related.commit.committed_at.astimezone(zone).date().isoformat()
    template = (_UNDERGOES if related.is_later else _DOES)[related.kind]
    before, _hole, after = _(template, commit=hole, date=date).partition(hole)
    return Sentence(before, related.commit, after)
