"""Commits by subject and files, and anything that somebody might commit."""

from collections.abc import Mapping
from datetime import UTC, datetime

from hypothesis import strategies as st

from bot.core.model import Commit, CommitDiff, FileChange, FileStatus, Person, Repo

REPO = Repo(owner="octo", name="hello")
_AT = datetime(2026, 1, 21, tzinfo=UTC)
_ADA = Person(name="Ada", email="ada@example.org")


def changed(
    path: str, additions: int | None = 1, deletions: int | None = 0, status: FileStatus = FileStatus.MODIFIED
) -> FileChange:
    return FileChange(path=path, status=status, additions=additions, deletions=deletions)


def commit(message: str, *files: FileChange, files_truncated: bool = False) -> Commit:
    return Commit(
        sha="0123456789abcdef0123456789abcdef01234567",
        parents=("f" * 40,),
        author=_ADA,
        authored_at=_AT,
        committer=_ADA,
        committed_at=_AT,
        message=message,
        files=files,
        files_truncated=files_truncated,
    )


def diff(message: str, patches: Mapping[str, str], *more: FileChange) -> CommitDiff:
    """A commit whose files have these patches, and perhaps more files without any."""
    files = [
        changed(path, _starting("+", patch), _starting("-", patch), FileStatus.MODIFIED)
        for path, patch in patches.items()
    ]
    return CommitDiff(commit=commit(message, *files, *more), patches=patches)


def _starting(sign: str, patch: str) -> int:
    return sum(line.startswith(sign) for line in patch.split("\n"))


#: Any text at all, halves of surrogate pairs too.
anything = st.text(st.characters(codec=None), max_size=300)
paths = st.one_of(
    st.lists(
        st.sampled_from(["src", "lib", "tests", "docs", "api", "a.py", "b.md", "Cargo.lock", "x.png"]), min_size=1
    ).map("/".join),
    anything.filter(bool),
    st.builds(
        "{}/{}{}".format,
        st.sampled_from(["deploy", "api", "migrations", "src"]),
        anything,
        st.sampled_from([".py", ".yaml"]),
    ),
)
counts = st.one_of(st.none(), st.integers(0, 5_000))
file_changes = st.builds(
    FileChange,
    path=paths,
    status=st.sampled_from(FileStatus),
    additions=counts,
    deletions=counts,
    previous_path=st.one_of(st.none(), paths),
)
commits = st.builds(
    lambda message, files: commit(message, *files),
    st.one_of(anything, anything.map("fix: {}".format), anything.map("feat(x)!: a\n\n{}".format)),
    st.lists(file_changes, max_size=30),
)
patches = st.lists(
    st.one_of(st.sampled_from(["@@ -1 +1 @@", "+a", "-b", " c", "\\ No newline at end of file"]), anything), max_size=40
).map("\n".join)


@st.composite
def diffs(draw: st.DrawFn) -> CommitDiff:
    made = draw(commits)
    return CommitDiff(commit=made, patches={file.path: draw(patches) for file in made.files})
