"""A model that knows the truth about a diff and lies on purpose, both by other means than the verifier's."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from bot.core.model import (
    Advice,
    AdviceKind,
    Analysis,
    AnalystKind,
    ChangeType,
    CommitDiff,
    Evidence,
    FileStatus,
    Importance,
    ImportanceRule,
    Insight,
    Provenance,
    Rating,
    Risk,
    ScopeItem,
    Statement,
)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{3,}")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)*(?![\w.])")
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    kind: str
    statement: Statement
    #: What makes it false; empty for the truth.
    lie: str = ""


Claims = Callable[[CommitDiff], Iterator[Claim]]


def headline(diff: CommitDiff) -> str:
    """A headline that names what the commit changes."""
    hunk = next(_hunks(diff))
    named = _names(hunk.added) or [hunk.path]
    return f"Teach `{named[-1]}` in {hunk.path} to wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hunk:
    path: str
    number: int
    start: int
    added: tuple[str, ...]
    removed: tuple[str, ...]


def _hunks(diff: CommitDiff) -> Iterator[_Hunk]:
    for path, patch in diff.patches.items():
        for number, piece in enumerate(re.split(r"^@@ ", patch, flags=re.MULTILINE)[1:], start=1):
            head, *lines = piece.split("\n")
            start = re.match(r"-\d+(?:,\d+)? \+(\d+)", head)
            yield _Hunk(
                path=path,
                number=number,
                start=int(start[1]) if start else 0,
                added=tuple(line[1:] for line in lines if line.startswith("+")),
                removed=tuple(line[1:] for line in lines if line.startswith("-")),
            )


def _names(lines: tuple[str, ...]) -> list[str]:
    """Names that nobody takes for English."""
    found = dict.fromkeys(name for line in lines for name in _NAME.findall(line))
    return [name for name in found if "_" in name.strip("_") or re.search(r"[a-z][A-Z]", name)]


def _changed_numbers(hunk: _Hunk) -> Iterator[tuple[str, str, str]]:
    """Name, old and new number of lines that differ in one number."""
    for removed in hunk.removed:
        for added in hunk.added:
            olds, news = _NUMBER.findall(removed), _NUMBER.findall(added)
            if _NUMBER.sub("0", removed) == _NUMBER.sub("0", added) and len(olds) == len(news) == 1 and olds != news:
                named = _NAME.findall(added)
                yield named[0] if named else "it", olds[0], news[0]


# The truth


def truths(diff: CommitDiff) -> Iterator[Claim]:
    for hunk in _hunks(diff):
        yield from _true_of(hunk)
    yield from _true_counts(diff)
    yield from _true_references(diff)


def _true_of(hunk: _Hunk) -> Iterator[Claim]:
    path, here = hunk.path, (Evidence(path=hunk.path, hunk=hunk.number),)
    base = path.rsplit("/", 1)[-1]
    names = _names(hunk.added)
    for name in names[:2]:
        yield _claim("name in code", f"`{name}` now stands in `{path}`.", here)
        yield _claim("name in prose", f"It brings {name} to {base}.", here)
        yield _claim("name in Chinese", f"在{base}中把{name}改成新的实现。", here)
        yield _claim("name owned", f"What calls {name} relies on {name}'s result, see {path}.", here)
    for one, other in list(pairwise(names))[:2]:
        yield _claim("two names", f"`{one}` goes together with `{other}()`, which is `{one}.{other}`.", here)
    for name, old, new in list(_changed_numbers(hunk))[:2]:
        yield _claim("number", f"Changes `{name}` from {old} to {new}.", here)
        yield _claim("number in Chinese", f"将 `{name}` 从{old}改为{new}，见{base}。", here)
        yield _claim("full-width number", f"将{name}设为{new.translate(_FULL_WIDTH)}。", here)
    for line in hunk.added[:2]:
        code = line.strip()
        if 3 < len(code) < 120 and "`" not in code:
            yield _claim("whole line", f"It adds `{code}`.", here)
    if hunk.start:
        yield _claim("line", f"The change begins at {path}:{hunk.start}, line {hunk.start}.", here)
    yield _claim("plain", "The behaviour at run time stays the same for everybody else.", here)


def _true_counts(diff: CommitDiff) -> Iterator[Claim]:
    commit = diff.commit
    yield _claim("count of files", f"It changes {len(commit.files)} files.")
    yield _claim("count in Chinese", f"共修改 {len(commit.files)} 个文件，新增 {commit.additions} 行。")
    yield _claim("balance", f"In all, +{commit.additions} −{commit.deletions}.")
    for file in commit.files[:3]:
        if file.additions:
            yield _claim("lines of a file", f"Adds {file.additions:,} lines to `{file.path}`.")
    added = [file for file in commit.files if file.status is FileStatus.ADDED]
    if added and "/" in added[0].path:
        folder = added[0].path.rsplit("/", 1)[0]
        inside = sum(file.path.startswith(f"{folder}/") for file in added)
        yield _claim("files of a folder", f"Adds {inside} files under {folder}/.")


def _true_references(diff: CommitDiff) -> Iterator[Claim]:
    for number in re.findall(r"#(\d+)", diff.commit.message)[:2]:
        yield _claim("pull request", f"It came as #{number} (PR {number}).")
    yield _claim(
        "SHA",
        f"Commit {diff.commit.sha[:9]} follows `{(*diff.commit.parents, diff.commit.sha)[0][:8]}`.",
    )


def _claim(kind: str, text: str, evidence: tuple[Evidence, ...] = (), lie: str = "") -> Claim:
    return Claim(kind=kind, statement=Statement(text=text, evidence=evidence), lie=lie)


# Lies


def lies(diff: CommitDiff) -> Iterator[Claim]:
    everything = "\n".join([diff.commit.message, *(file.path for file in diff.commit.files), *diff.patches.values()])
    for hunk in _hunks(diff):
        for claim in _lies_about(hunk, everything):
            if claim.lie not in everything:
                yield claim
    yield from _false_counts(diff, everything)
    yield from _false_references(diff, everything)


def _lies_about(hunk: _Hunk, everything: str) -> Iterator[Claim]:
    path, here = hunk.path, (Evidence(path=hunk.path, hunk=hunk.number),)
    folder, _, base = path.rpartition("/")
    stem = base.rpartition(".")[0]
    invented = {
        "sibling path": f"{folder}/ghost_{base}".lstrip("/"),
        "other extension": f"{folder}/{stem or base}.zig".lstrip("/"),
        "other folder": f"phantom/{base}",
        "absent folder": f"{folder.split('/')[0] or 'src'}/phantom",
        "file without folder": f"ghost_{stem or base}.py",
    }
    for kind, lie in invented.items():
        yield _claim(f"path: {kind}", f"The logic moves to `{lie}`.", here, lie)
        yield _claim(f"path in prose: {kind}", f"The logic moves to {lie}, for good.", here, lie)
        yield _claim(f"path in Chinese: {kind}", f"逻辑移到{lie}中。", here, lie)
    names = _names((*hunk.added, *hunk.removed)) or ["run_loop"]
    for name in names[:3]:
        for kind, lie in {
            "longer": f"{name}_v9",
            "shorter": name[: max(name.rfind("_"), len(name) - 2)],
            "prefixed": f"ghost_{name}",
            "camel": f"Ghost{name[0].upper()}{name[1:]}",
        }.items():
            if re.search(rf"(?<![A-Za-z0-9_]){re.escape(lie)}s?(?![A-Za-z0-9_])", everything) is None:
                yield _claim(f"name: {kind}", f"`{lie}` now retries.", here, f"{lie}\0")
                yield _claim(f"call: {kind}", f"`{lie}(request)` now retries in {base}.", here, f"{lie}\0")
        for lie in (f"ghost_{name}", f"Ghost{name[0].upper()}{name[1:]}", f"{name}.ghostly_part"):
            yield _claim("name in prose", f"Callers of {lie} have to be adapted.", here, lie)
            yield _claim("name in Chinese", f"把{lie}改成异步。", here, lie)
    if len(names) > 1:
        yield _claim("name: composed", f"It adds `{names[0]}_{names[1]}`.", here, f"{names[0]}_{names[1]}")
    yield from _false_numbers(hunk, everything)
    yield _claim("flag", "It is switched on by --phantom-mode.", here, "--phantom-mode")
    yield _claim("flag in code", "It is switched on by `--phantom-mode=on`.", here, "--phantom-mode")
    yield _claim("variable", "It reads PHANTOM_HOME first.", here, "PHANTOM_HOME")
    yield _claim("link", "See https://evil.example.net/report for details.", here, "evil.example.net")
    yield _claim("line", f"The error is raised in {path}:{hunk.start + 90_000}.", here, str(hunk.start + 90_000))
    yield _claim("line in words", f"The error is raised at line {hunk.start + 90_000}.", here, str(hunk.start + 90_000))
    yield _claim("line in Chinese", f"错误在第 {hunk.start + 90_000} 行抛出。", here, str(hunk.start + 90_000))
    nowhere = (Evidence(path="phantom/nowhere.py", hunk=1),)
    yield _claim("evidence nowhere", "The queue is drained before it is closed.", nowhere, "phantom/nowhere")


def _false_numbers(hunk: _Hunk, everything: str) -> Iterator[Claim]:
    here = (Evidence(path=hunk.path, hunk=hunk.number),)
    number = next(str(at) for at in range(737, 9_999, 97) if str(at) not in everything)
    for kind, text in {
        "plain": f"The limit is now {number}.",
        "unit": f"It waits for {number} ms before it gives up.",
        "glued unit": f"It waits for {number}ms.",
        "percent": f"Throughput rises by {number[:2]}.{number[1:]}%.",
        "decimal": f"The ratio is 0.{number}.",
        "version": f"It needs version v{number}.1.0.",
        "Chinese": f"超时改为{number}秒。",
        "full-width": f"上限为{number.translate(_FULL_WIDTH)}。",
        "power": f"The space shrinks to 2^{number}.",
        "superscript": "空间缩小到 2²⁵³。",
        "times": f"It is {number}x faster.",
        "in code": f"`limit={number}` is the default.",
        "thousands": f"It keeps {int(number) * 1_000:,} of them.",
    }.items():
        yield _claim(f"number: {kind}", text, here, f"{number}\0")
    for name, old, new in list(_changed_numbers(hunk))[:1]:
        yield _claim("number: from elsewhere", f"Changes `{name}` from {number} to {new}.", here, f"{number}\0")
        yield _claim("number: to elsewhere", f"将 `{name}` 从 {old} 改为 {number}。", here, f"{number}\0")


def _false_counts(diff: CommitDiff, everything: str) -> Iterator[Claim]:
    commit = diff.commit
    files = len(commit.files) + 17
    lines = commit.additions + commit.deletions + 1_013
    yield _claim("count of files", f"It changes {files} files.", (), "files")
    yield _claim("count of lines", f"It adds {lines} lines and removes {lines + 3}.", (), "lines")
    yield _claim("count in Chinese", f"新增 {files} 个文件，删除 {lines} 行。", (), "files")
    yield _claim("balance", f"In all, +{lines} −{lines}.", (), "lines")


def _false_references(diff: CommitDiff, everything: str) -> Iterator[Claim]:
    number = next(at for at in range(98_761, 99_999) if str(at) not in everything)
    sha = next(sha for sha in ("bad5eed", "facade1", "0ddba11") if sha not in everything + diff.commit.sha)
    for text in (f"Reverts #{number}.", f"Follows PR {number}.", f"参见 PR #{number}。", f"See pull request {number}."):
        yield _claim("pull request", text, (), str(number))
    for text in (f"It follows {sha}.", f"It follows `{sha}`.", f"撤销了提交{sha}。", f"Cherry-picked from {sha * 5}."):
        yield _claim("SHA", text, (), sha)


# Analyses


def analysis(diff: CommitDiff, claims: list[Claim]) -> Analysis:
    """The claims as a summary."""
    return Analysis(
        sha=diff.commit.sha,
        types=(ChangeType.FIX,),
        rating=Rating(importance=Importance.HIGH, reason="", rule=ImportanceRule.BEHAVIOUR),
        headline="It mends what was broken",
        summary=tuple(claim.statement for claim in claims),
        provenance=Provenance(analyst=AnalystKind.MODEL, version="1"),
    )


def everywhere(diff: CommitDiff, claim: Claim) -> Analysis:
    """The claim in every place where an analysis says something."""
    statement = claim.statement
    return Analysis(
        sha=diff.commit.sha,
        types=(ChangeType.FIX,),
        rating=Rating(importance=Importance.HIGH, reason=statement.text, rule=ImportanceRule.BEHAVIOUR),
        headline=statement.text,
        summary=(statement,),
        scope=(ScopeItem(name="users", effect=statement.text),),
        insight=Insight(architecture=(statement,), performance=(statement,), security=(statement,)),
        risks=(
            Risk(risk=statement, consequence="It breaks.", mitigation="Test it."),
            Risk(risk=Statement(text="It breaks."), consequence=statement.text, mitigation="Test it."),
        ),
        advice=(Advice(kind=AdviceKind.CHECK, text=statement.text),),
        provenance=Provenance(analyst=AnalystKind.MODEL, version="1"),
    )
