"""What commits say of one another: which one reverts, lands again, follows up or backports which.

A message names another commit by its SHA, its pull request or its subject; that is a Mention. It becomes a Relation
when a commit of the same repository that is no newer answers to that name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.core.model import Commit, CommitDiff, KnownCommit, Relation, RelationKind, Repo
from bot.core.patch_id import patch_id
from bot.core.references import SHA_DIGITS, SUFFIX, named

#: Characters of a message and of a subject that are read.
MESSAGE_READ: Final = 20_000
SUBJECT_READ: Final = 1_000
#: Other commits that one commit may name; a list of a release's changes is no more than that.
MENTIONS_MAX: Final = 20
#: A subject names the newest commit that has it, unless that is older than this; numbers and SHAs do not grow old.
SUBJECT_VALID: Final = timedelta(days=90)
#: Characters of a subject that was cut, below which it names nothing.
_CUT_MIN: Final = 20
#: `Revert "Revert "Revert "…""""` is read to this depth.
_DEPTH_MAX: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """That a commit names another one, and as what."""

    kind: RelationKind
    #: `#123`; 7 to 12 lower-case hexadecimal digits, or 40; `=` and a subject as `subject_key` makes it, which ends in
    #: `…` if it was cut there; or a number and a subject that must both fit.
    target: str


def subject_key(subject: str) -> str:
    """A subject as it is compared: without the numbers of its pull requests, and with capitals and spaces evened."""
    return " ".join(SUFFIX.sub("", subject[:SUBJECT_READ]).casefold().split())[:300]


def known_commit(diff: CommitDiff) -> KnownCommit:
    """By what a commit is found. A merge's change is that of the commits it merges, so it is none of its own."""
    commit = diff.commit
    return KnownCommit(
        sha=commit.sha,
        committed_at=commit.committed_at,
        pull_request=commit.pull_request,
        subject_key=subject_key(commit.subject),
        patch_id="" if commit.is_merge else patch_id(diff) or "",
    )


# What a message says


def mentions(commit: Commit, repo: Repo) -> tuple[Mention, ...]:
    """The other commits that this one names, each kind of each once. What is named in other repositories is none."""
    own = {f"#{commit.pull_request}", f"={subject_key(commit.subject)}"}
    found = dict.fromkeys(_read(commit, repo))
    apart = [mention for mention in found if mention.target not in own and not commit.sha.startswith(mention.target)]
    return tuple(apart[:MENTIONS_MAX])


def _read(commit: Commit, repo: Repo) -> Iterator[Mention]:
    subject = commit.subject[:SUBJECT_READ]
    numbers = [f"#{number}" for number in re.findall(r"#(\d+)", _suffix(subject))]
    shown = _whole(subject, commit.body)
    if _OPENING.match(shown):
        yield from _quoted(shown, others=numbers[:-1])
    elif copied := numbers[-2:-1]:
        # A cherry-pick's squash merge: the number of the original stands before its own.
        target = copied[0] if _COPY.match(shown) else f"{copied[0]}={subject_key(shown)}"
        yield Mention(kind=RelationKind.BACKPORTS, target=target)
    message = SUFFIX.sub("", subject) + "\n\n" + commit.body[:MESSAGE_READ]
    for kind, targets in _SAYINGS:
        for saying in targets.finditer(message):
            if not _is_unreal(message, saying):
                for target in named(message, saying.end(), repo):
                    yield Mention(kind=kind, target=target)
    for saying in _FIXES.finditer(message):
        for target in named(message, saying.end(), repo):
            if not target.startswith("#"):
                yield Mention(kind=RelationKind.FOLLOWS_UP, target=target)
    for saying in _AFTERWARDS.finditer(message):
        for target in named(message, saying.start(), repo):
            yield Mention(kind=RelationKind.FOLLOWS_UP, target=target)


def _suffix(subject: str) -> str:
    match = SUFFIX.search(subject)
    return match[0] if match else ""


def _whole(subject: str, body: str) -> str:
    """GitHub breaks a title of more than 72 characters and goes on in the body: `… exam…` and `…ple (#12)"`."""
    shown = SUFFIX.sub("", subject)
    if shown.endswith("…") and body.startswith("…"):
        return shown[:-1] + body[1:].split("\n", 1)[0]
    return shown


# Subjects that quote another subject

_REVERT: Final = r"revert(?:s|ed|ing)?(?:\^(?P<times>[1-9]))?|back(?:s|ed)?[ -]?out|回滚|回退|还原|撤销|撤回"
_RELAND: Final = r"re-?lands?(?:ed|ing)?|re-?appl(?:y|ies|ied)|re-?merge|重新(?:提交|合入|合并|应用|引入)"
_OPENING: Final = re.compile(
    r"(?:[A-Za-z]{2,12}(?:\([^()]{0,100}\))?!?\s?[:：]\s{0,3})?"  # the type of the commit itself
    rf"[\[【(]?(?:(?P<revert>{_REVERT})|(?P<reland>{_RELAND}))(?![A-Za-z])[\]】)]?"
    r"(?:\([^()]{0,100}\))?!?\s{0,3}(?P<colon>[:：])?\s{0,3}",
    re.IGNORECASE,
)
#: What says of a subject that it is somebody else's.
_COPY: Final = re.compile(
    r"[\[【(]?(?:back-?port|cherry[- ]?pick|release\b|移植|拣选)|\[[\w. /-]{0,40}\d[\w. /-]{0,20}\]", re.IGNORECASE
)
_SEVERAL: Final = re.compile(r"[\"”] (?:and|,|&) [\"“]")
_OPEN: Final = "\"“「『«'`"
_CLOSE: Final = "\"”」』»'`"


def _quoted(text: str, *, others: Sequence[str]) -> Iterator[Mention]:
    """`Revert "…"`, `Reland: …` and the like, one within the other; `others` are numbers behind the whole subject."""
    layers: list[RelationKind] = []
    while (opening := _OPENING.match(text)) and len(layers) < _DEPTH_MAX:
        if len(layers) == 1:
            yield from _names(layers[0], text, ())
        times = int(opening["times"] or 1) if opening["revert"] else 1
        layers += [RelationKind.REVERTS if opening["revert"] else RelationKind.RELANDS] * times
        text = _unquoted(text[opening.end() :])
    undone = layers.count(RelationKind.REVERTS) % 2 == 1
    for quoted in _SEVERAL.split(text, maxsplit=MENTIONS_MAX):
        yield from _names(RelationKind.REVERTS if undone else RelationKind.RELANDS, quoted, others)


def _unquoted(text: str) -> str:
    """What stands between the outer quotation marks, if the text begins with one."""
    if not text.startswith(tuple(_OPEN)):
        return text
    end = max(text.rfind(mark) for mark in _CLOSE)
    return text[1:end] if end > 0 else text[1:]


def _names(kind: RelationKind, subject: str, others: Sequence[str]) -> Iterator[Mention]:
    """By its number where one is given, else by its words."""
    numbers = [f"#{number}" for number in re.findall(r"#(\d{1,9})", _suffix(subject))] or others
    if numbers:
        yield Mention(kind=kind, target=numbers[-1])
    elif _is_subject(key := subject_key(subject)):
        yield Mention(kind=kind, target=f"={key}")


def _is_subject(key: str) -> bool:
    """Rather than a number, an address, or too little of a subject."""
    return bool(key) and "#" not in key and "://" not in key and (not key.endswith("…") or len(key) >= _CUT_MIN)


# Sayings that stand before a number or a SHA, anywhere in a message

_THE: Final = r"(?:\s{1,3}(?:of|from))?(?:\s{1,3}the(?:\s{1,3}\w{3,20})?)?(?:\s{1,3}changes?\s{1,3}(?:from|of|in))?"
_LINE: Final = r"(?:^[ \t>*+-]{0,8})"


def _saying(pattern: str) -> "re.Pattern[str]":
    return re.compile(rf"(?:(?<![\w-])(?:{pattern}))\s{{0,3}}[:：]?\s{{0,3}}", re.IGNORECASE | re.MULTILINE)


_SAYINGS: Final = (
    (
        RelationKind.RELANDS,
        _saying(
            rf"(?:re-?land(?:s|ing)?|re-?appl(?:y|ies|ying)|re-?merges?|re-?introduc(?:es?|ing)"
            rf"|{_LINE}re-?(?:landed|applied|merged)){_THE}"
            r"|重新(?:提交|合入|合并|应用|引入|上线)了?"
        ),
    ),
    (
        RelationKind.REVERTS,
        _saying(
            rf"(?:revert(?:s|ing)?|back(?:s|ing)?[ -]out|{_LINE}reverted|{_LINE}backed out){_THE}"
            r"|(?:回滚|回退|还原|撤销|撤回)了?"
        ),
    ),
    (
        RelationKind.BACKPORTS,
        _saying(
            rf"(?:back-?port(?:s|ed|ing)?|cherry[- ]?pick(?:s|ed|ing)?|upstream){_THE}"
            r"|(?:回移植|反向移植|移植|摘取|拣选)(?:自|了)?"
        ),
    ),
    (
        RelationKind.FOLLOWS_UP,
        _saying(
            r"follow(?:s|ed|ing)?[- ]?ups?(?:\s{1,3}(?:to|of|for|on|from|after))?(?:\s{1,3}the)?"
            r"|(?:introduced|caused|broken|missed|overlooked|forgotten|left (?:out|over))\s{1,3}"
            r"(?:by|in|from|of|with|since)"
            r"|regress(?:ion|ions|ed|es)(?:\s{1,3}introduced)?\s{1,3}(?:from|in|by|since|of|after)"
            r"|address(?:es|ed|ing)?\s{1,3}(?:\w{3,12}\s{1,3}){0,2}(?:comments?|feedback|nits?|reviews?)\s{1,3}"
            r"(?:on|for|from|of|in|to)"
            r"|amend(?:s|ing)?|continu(?:es|ation of)|complet(?:es|ing)|patch(?:es)?"
            r"|(?:跟进|延续|接续|后续|补充|完善)了?"
        ),
    ),
)
#: What is fixed by its number is an issue; only a commit has a SHA. https://docs.kernel.org/process/submitting-patches.html
_FIXES: Final = _saying(r"fix(?:es|ed|ing)?|修复了?")
#: After a number: `#12 的后续`, `#12 引入的问题`.
_AFTERWARDS: Final = re.compile(r"(?<!\w)#\d{1,9}\s{0,3}(?:的(?:后续|跟进|补丁)|(?:所)?(?:引入|导致|造成)的)")
#: What is planned, feared or denied has not happened; so many characters in front of a saying tell.
_UNREAL_BEFORE: Final = 70
_UNREAL: Final = re.compile(
    r"(?:\b(?:not|never|no|without|instead of|rather than|avoid\w{0,3}|before|until|once|after|since|when|if|unless"
    r"|will|would|can|could|may|might|should|must|to|please|need)|n['’]t|'ll|不|未|勿|无需|无法|将|准备|计划|如果|若|待)"
    r"\s{0,3}(?:(?:a|an|the|be|also|simply|just|need to)\s{1,3}){0,2}$"
    r"|(?:\bif\b|如果)[^.。\n]{0,60}$",
    re.IGNORECASE,
)


def _is_unreal(message: str, saying: "re.Match[str]") -> bool:
    return _UNREAL.search(message, max(0, saying.start() - _UNREAL_BEFORE), saying.start()) is not None


# From names to commits


class Known:
    """Commits that may be named, and what is already known of them."""

    def __init__(self, commits: Iterable[KnownCommit], relations: Iterable[Relation] = ()) -> None:
        self._by_sha = {commit.sha: commit for commit in commits}
        self._by_name: dict[str, list[KnownCommit]] = {}
        for commit in sorted(self._by_sha.values(), key=lambda commit: commit.committed_at, reverse=True):
            for name in names(commit):
                self._by_name.setdefault(name, []).append(commit)
        self._reverts: dict[str, set[str]] = {}
        self._reverted: dict[str, set[str]] = {}
        for relation in relations:
            self._note(relation)

    def relate(self, commit: KnownCommit, mentioned: Iterable[Mention]) -> list[Relation]:
        """What the commit is to others, one relation to each; they are known from now on. Oldest commits first."""
        kinds: dict[str, RelationKind] = {}
        for kind, other in self._related(commit, mentioned):
            if other not in kinds or _STRENGTH[kind] > _STRENGTH[kinds[other]]:
                kinds[other] = kind
        relations = [Relation(kind=kind, sha=commit.sha, other_sha=other) for other, kind in kinds.items()]
        for relation in relations:
            self._note(relation)
        return relations

    def _note(self, relation: Relation) -> None:
        if relation.kind is RelationKind.REVERTS:
            self._reverts.setdefault(relation.sha, set()).add(relation.other_sha)
            self._reverted.setdefault(relation.other_sha, set()).add(relation.sha)

    def _related(self, commit: KnownCommit, mentioned: Iterable[Mention]) -> Iterator[tuple[RelationKind, str]]:
        for mention in mentioned:
            other = self._named(mention.target, commit)
            if other is None:
                continue
            again = mention.kind is RelationKind.BACKPORTS and self._was_reverted(other.sha, by_another_than=commit.sha)
            yield (RelationKind.RELANDS if again else mention.kind), other.sha
            if mention.kind is RelationKind.REVERTS:
                # Who takes back a revert brings back what that had taken away.
                for first in self._reverts.get(other.sha, set()) - {commit.sha}:
                    yield RelationKind.RELANDS, first
        yield from self._the_same_again(commit)

    def _the_same_again(self, commit: KnownCommit) -> Iterator[tuple[RelationKind, str]]:
        """The same subject or the same change as one that was reverted, or the same change as another one."""
        twins = self._by_name.get(f"={commit.subject_key}", [])[:MENTIONS_MAX] if commit.subject_key else []
        for other in twins:
            valid = _is_older(other, commit) and commit.committed_at - other.committed_at <= SUBJECT_VALID
            if valid and self._was_reverted(other.sha, by_another_than=commit.sha):
                yield RelationKind.RELANDS, other.sha
        for other in self._by_name.get(f"~{commit.patch_id}", [])[:MENTIONS_MAX] if commit.patch_id else []:
            if _is_older(other, commit):
                again = self._was_reverted(other.sha, by_another_than=commit.sha)
                yield (RelationKind.RELANDS if again else RelationKind.BACKPORTS), other.sha

    def _was_reverted(self, sha: str, *, by_another_than: str) -> bool:
        return bool(self._reverted.get(sha, set()) - {by_another_than})

    def _named(self, target: str, commit: KnownCommit) -> KnownCommit | None:
        if target.startswith(("#", "=")):
            found = (other for other in self._answering(target) if _is_older(other, commit))
            other = next(found, None)
            worn_out = target[0] == "=" and other and commit.committed_at - other.committed_at > SUBJECT_VALID
            return None if worn_out else other
        matching = [self._by_sha[sha] for sha in self._by_sha if sha.startswith(target)]
        if len(matching) != 1 or matching[0].sha == commit.sha:
            return None
        # A whole SHA cannot be guessed before its commit is made, so it names an older one even in the same second.
        whole = len(target) == SHA_DIGITS and matching[0].committed_at == commit.committed_at
        return matching[0] if whole or _is_older(matching[0], commit) else None

    def _answering(self, name: str) -> Iterator[KnownCommit]:
        """Newest first."""
        if not name.endswith("…"):
            yield from self._by_name.get(name, ())
            return
        for whole, commits in self._by_name.items():
            if whole.startswith(name[:-1]):
                yield from commits


def names(commit: KnownCommit) -> Iterator[str]:
    """The names by which others find a commit, apart from its SHA."""
    if commit.pull_request is not None:
        yield f"#{commit.pull_request}"
    if commit.subject_key:
        yield f"={commit.subject_key}"
    if commit.pull_request is not None and commit.subject_key:
        yield f"#{commit.pull_request}={commit.subject_key}"
    if commit.patch_id:
        yield f"~{commit.patch_id}"


def _is_older(other: KnownCommit, commit: KnownCommit) -> bool:
    """Relations point back in time, so they never make a circle."""
    return other.committed_at < commit.committed_at


#: Of several relations between two commits the strongest counts.
_STRENGTH: Final[Mapping[RelationKind, int]] = {
    RelationKind.RELANDS: 4,
    RelationKind.REVERTS: 3,
    RelationKind.BACKPORTS: 2,
    RelationKind.FOLLOWS_UP: 1,
}
