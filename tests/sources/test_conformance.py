"""What every source of commits must do, whatever it is made of."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.core.days import Window
from bot.core.errors import NotFound, RepositoryNotFound
from bot.core.model import Commit, CommitDiff, CommitRef, FileChange, FileStatus, History, Person, Repo
from tests.counterparts import histories
from tests.counterparts.histories import git
from tests.sources.conftest import ALWAYS, NOON, REPO, Publish, listed, now, read_all

ADA = Person(name="Ada Lovelace", email="ada@example.com")
DAY = Window(since=datetime(2026, 1, 21, tzinfo=UTC), until=datetime(2026, 1, 22, tzinfo=UTC))
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


async def test_a_commit_is_told_whole(publish: Publish, history: histories.History) -> None:
    root = history.commit("feat: begin", {"a.txt": "one\n"}, at=NOON - HOUR)
    sha = history.commit(
        "fix: mend it (#7)\n\nBecause.\n\n",
        {"a.txt": "two\n", "docs/b.md": "# Title"},
        at=NOON.astimezone(timezone(timedelta(hours=8))),
        authored=NOON - timedelta(days=3),
        committer=histories.Person(name="GitHub", email="noreply@github.com"),
    )
    source = await publish(history)
    assert (await source.list(REPO, DAY)).commits == (
        CommitRef(sha=sha, parents=(root,), committed_at=NOON),
        CommitRef(sha=root, parents=(), committed_at=NOON - HOUR),
    )
    assert await read_all(source, [sha]) == {
        sha: CommitDiff(
            commit=Commit(
                sha=sha,
                parents=(root,),
                author=ADA,
                authored_at=NOON - timedelta(days=3),
                committer=Person(name="GitHub", email="noreply@github.com"),
                committed_at=NOON,
                message="fix: mend it (#7)\n\nBecause.",
                files=(
                    FileChange(path="a.txt", status=FileStatus.MODIFIED, additions=1, deletions=1),
                    FileChange(path="docs/b.md", status=FileStatus.ADDED, additions=1, deletions=0),
                ),
            ),
            patches={
                "a.txt": "@@ -1 +1 @@\n-one\n+two",
                "docs/b.md": "@@ -0,0 +1 @@\n+# Title\n\\ No newline at end of file",
            },
        )
    }


async def test_every_kind_of_change_to_a_file_is_told(publish: Publish, history: histories.History) -> None:
    lines = "".join(f"line {number}\n" for number in range(30))
    binary = b"\x00\x01binary"
    history.commit(
        "begin",
        {"kept": lines, "edited": lines.upper(), "gone": "x\n", "picture": binary, "moved-picture": binary * 9},
        at=NOON - HOUR,
    )
    history.rename("kept", "moved")
    history.rename("edited", "moved-and-edited")
    history.rename("moved-picture", "new-picture")
    (history.path / "link").symlink_to("moved")
    sha = history.commit(
        "change everything",
        {"gone": None, "picture": binary * 2, "empty": "", "moved-and-edited": lines.upper() + "more\n"},
        at=NOON,
    )
    diff = (await read_all(await publish(history), [sha]))[sha]

    def file(path: str, status: str, added: int | None, deleted: int | None, previous: str | None = None) -> FileChange:
        return FileChange(
            path=path, status=FileStatus(status), additions=added, deletions=deleted, previous_path=previous
        )

    assert diff.commit.files == (
        file("empty", "added", 0, 0),
        file("gone", "removed", 0, 1),
        file("link", "added", 1, 0),
        file("moved", "renamed", 0, 0, "kept"),
        file("moved-and-edited", "renamed", 1, 0, "edited"),
        file("new-picture", "renamed", 0, 0, "moved-picture"),
        file("picture", "modified", None, None),
    )
    assert diff.patches == {
        "gone": "@@ -1 +0,0 @@\n-x",
        "link": "@@ -0,0 +1 @@\n+moved\n\\ No newline at end of file",
        "moved-and-edited": "@@ -28,3 +28,4 @@ LINE 26\n LINE 27\n LINE 28\n LINE 29\n+more",
    }


@pytest.mark.parametrize(
    "name", ['quo"te', "tab\tname", "spa ce", "new\nline", "é/中文/\U0001f600", "back\\slash", "-n"]
)
async def test_strange_file_names_survive(publish: Publish, history: histories.History, name: str) -> None:
    sha = history.commit("add", {name: "x\n"}, at=NOON)
    diff = (await read_all(await publish(history), [sha]))[sha]
    assert [file.path for file in diff.commit.files] == [name]
    assert diff.patches == {name: "@@ -0,0 +1 @@\n+x"}


async def test_lines_that_look_like_the_next_file_are_content(publish: Publish, history: histories.History) -> None:
    text = "diff --git a/x b/x\n@@ -1 +1 @@\n-- a\n++ b\nBinary files a and b differ\n\n" + "0" * 40 + "\n\r\n"
    first = history.commit("add", {"a": text, "b": "x\n"}, at=NOON)
    second = history.commit("remove", {"a": None}, at=NOON + HOUR)
    diffs = await read_all(await publish(history), [first, second])
    body = text.removesuffix("\n").split("\n")
    assert diffs[first].patches["a"] == "\n".join(["@@ -0,0 +1,8 @@", *(f"+{line}" for line in body)])
    assert diffs[second].patches["a"] == "\n".join(["@@ -1,8 +0,0 @@", *(f"-{line}" for line in body)])
    assert diffs[first].patches["b"] == "@@ -0,0 +1 @@\n+x"


async def test_a_commit_without_files_and_one_without_words_are_commits(
    publish: Publish, history: histories.History
) -> None:
    root = history.commit("begin", {"a": "1\n"}, at=NOON - HOUR)
    empty = history.commit("nothing changes", {}, at=NOON)
    silent = history.commit("", {"a": "2\n"}, at=NOON + HOUR)
    source = await publish(history)
    assert await listed(source) == [silent, empty, root]
    diffs = await read_all(source, [silent, empty, root])
    assert (diffs[empty].commit.files, diffs[empty].patches) == ((), {})
    assert diffs[silent].commit.message == ""


async def test_a_merge_is_compared_with_its_first_parent(publish: Publish, history: histories.History) -> None:
    history.commit("begin", {"a": "1\n"}, at=NOON - 4 * HOUR)
    history.checkout("side", create=True)
    side = history.commit("side", {"side": "s\n"}, at=NOON - 3 * HOUR)
    history.checkout("main")
    main = history.commit("main", {"a": "2\n"}, at=NOON - 2 * HOUR)
    merge = history.merge("side", "Merge pull request #9 from octo/side", at=NOON)
    source = await publish(history)
    assert (await source.list(REPO, DAY)).commits[0] == CommitRef(sha=merge, parents=(main, side), committed_at=NOON)
    diff = (await read_all(source, [merge]))[merge]
    assert diff.commit.is_merge
    assert [file.path for file in diff.commit.files] == ["side"]
    assert diff.patches == {"side": "@@ -0,0 +1 @@\n+s"}


async def test_a_subject_of_20000_characters_arrives_whole(publish: Publish, history: histories.History) -> None:
    sha = history.commit("é" * 20_000, {"a": "1\n"}, at=NOON)
    assert (await read_all(await publish(history), [sha]))[sha].commit.subject == "é" * 20_000


async def test_a_window_holds_its_first_instant_and_not_its_last(publish: Publish, history: histories.History) -> None:
    before = history.commit("before", {"a": "1\n"}, at=DAY.since - SECOND)
    first = history.commit("first", {"a": "2\n"}, at=DAY.since)
    last = history.commit("last", {"a": "3\n"}, at=DAY.until - SECOND)
    after = history.commit("after", {"a": "4\n"}, at=DAY.until)
    source = await publish(history)
    assert await listed(source, DAY) == [last, first]
    assert await listed(source) == [after, last, first, before]


async def test_instants_are_compared_and_not_clocks(publish: Publish, history: histories.History) -> None:
    zone = timezone(timedelta(hours=8))
    outside = history.commit("their 21st, our 20th", {"a": "1\n"}, at=datetime(2026, 1, 21, 7, 59, tzinfo=zone))
    inside = history.commit("their 22nd, our 21st", {"a": "2\n"}, at=datetime(2026, 1, 22, 7, 59, tzinfo=zone))
    shanghai = Window(since=datetime(2026, 1, 21, tzinfo=zone), until=datetime(2026, 1, 22, tzinfo=zone))
    source = await publish(history)
    assert await listed(source, DAY) == [inside]
    assert await listed(source, shanghai) == [outside]


async def test_commits_of_the_same_instant_come_children_first(publish: Publish, history: histories.History) -> None:
    shas = [history.commit(f"{number}", {"a": f"{number}\n"}, at=NOON) for number in range(5)]
    assert await listed(await publish(history), DAY) == shas[::-1]


async def test_a_skewed_clock_hides_no_commit_behind_it(publish: Publish, history: histories.History) -> None:
    first = history.commit("first", {"a": "1\n"}, at=NOON - HOUR)
    history.commit("skewed", {"a": "2\n"}, at=NOON - timedelta(days=400))
    history.commit("ahead", {"a": "3\n"}, at=NOON + timedelta(days=400))
    second = history.commit("second", {"a": "4\n"}, at=NOON)
    assert await listed(await publish(history), DAY) == [second, first]


async def test_a_day_without_commits_is_empty_and_no_error(publish: Publish, history: histories.History) -> None:
    history.commit("begin", {"a": "1\n"}, at=NOON - timedelta(days=2))
    history.commit("go on", {"a": "2\n"}, at=NOON + timedelta(days=2))
    source = await publish(history)
    long_ago = Window(since=datetime(1, 1, 2, tzinfo=UTC), until=datetime(1, 1, 3, tzinfo=UTC))
    before_all = Window(since=datetime(2005, 1, 1, tzinfo=UTC), until=datetime(2005, 1, 2, tzinfo=UTC))
    far_ahead = Window(since=datetime(9999, 12, 30, tzinfo=UTC), until=datetime(9999, 12, 31, tzinfo=UTC))
    for window in (DAY, long_ago, before_all, far_ahead):
        began = now()
        listing = await source.list(REPO, window)
        assert listing.commits == ()
        assert began <= listing.as_of <= now()


async def test_an_empty_repository_has_nothing(publish: Publish, history: histories.History) -> None:
    source = await publish(history)
    assert (await source.list(REPO, ALWAYS)).commits == ()
    assert await source.history(REPO) is None
    assert await read_all(source, []) == {}


async def test_what_was_empty_is_filled_and_seen(publish: Publish, history: histories.History) -> None:
    assert await listed(await publish(history)) == []
    sha = history.commit("begin", {"a": "1\n"}, at=NOON)
    assert await listed(await publish(history)) == [sha]


async def test_new_commits_and_a_rewritten_branch_are_seen(publish: Publish, history: histories.History) -> None:
    first = history.commit("first", {"a": "1\n"}, at=NOON - HOUR)
    dropped = history.commit("dropped", {"a": "2\n"}, at=NOON)
    assert await listed(await publish(history)) == [dropped, first]
    git(history.path, "reset", "--quiet", "--hard", first)
    kept = history.commit("kept", {"a": "3\n"}, at=NOON)
    assert await listed(await publish(history)) == [kept, first]


async def test_history_tells_the_oldest_and_the_newest_instant(publish: Publish, history: histories.History) -> None:
    history.commit("first", {"a": "1\n"}, at=NOON - timedelta(days=300))
    assert await (await publish(history)).history(REPO) == History(
        first=NOON - timedelta(days=300), last=NOON - timedelta(days=300)
    )
    for number in range(3):
        history.commit(f"{number}", {"a": f"{number}x\n"}, at=NOON + number * HOUR)
    assert await (await publish(history)).history(REPO) == History(
        first=NOON - timedelta(days=300), last=NOON + 2 * HOUR
    )


async def test_more_commits_than_a_page_holds_are_all_listed(publish: Publish, history: histories.History) -> None:
    shas = [history.commit(f"{number}", {}, at=NOON + number * SECOND) for number in range(120)]
    assert await listed(await publish(history), DAY) == shas[::-1]


async def test_commits_are_read_once_however_often_they_are_named(publish: Publish, history: histories.History) -> None:
    shas = [history.commit(f"{number}", {"a": f"{number}\n"}, at=NOON + number * HOUR) for number in range(6)]
    source = await publish(history)
    read = [diff.commit.sha async for diff in source.read(REPO, [*shas, *shas])]
    assert sorted(read) == sorted(shas)


@pytest.mark.parametrize("sha", ["0" * 40, "--all", "HEAD", "main", ""])
async def test_an_unknown_commit_is_not_found(publish: Publish, history: histories.History, sha: str) -> None:
    known = history.commit("begin", {"a": "1\n"}, at=NOON)
    source = await publish(history)
    with pytest.raises(NotFound, match="octo/hello has no commit"):
        await read_all(source, [known, sha])


@pytest.mark.parametrize("publish", ["own_clone", "on_github"], indirect=True)
async def test_an_unknown_repository_is_not_found(publish: Publish, history: histories.History) -> None:
    history.commit("begin", {"a": "1\n"}, at=NOON)
    source = await publish(history)
    unknown = Repo(owner="octo", name="nothing")
    sentence = r"^There is no repository octo/nothing, or it is private\.$"
    with pytest.raises(RepositoryNotFound, match=sentence):
        await source.list(unknown, DAY)
    with pytest.raises(RepositoryNotFound, match=sentence):
        await read_all(source, ["0" * 40], unknown)
    with pytest.raises(RepositoryNotFound, match=sentence):
        await source.history(unknown)


async def test_a_reader_may_stop_early(publish: Publish, history: histories.History) -> None:
    shas = [history.commit(f"{number}", {"a": f"{number}\n"}, at=NOON + number * HOUR) for number in range(12)]
    source = await publish(history)
    reading = source.read(REPO, shas)
    assert (await anext(reading)).commit.sha in shas
    await reading.aclose()  # pyright: ignore[reportAttributeAccessIssue]
    assert await listed(source) == shas[::-1]


async def test_the_paths_of_a_commit_are_those_of_its_whole_tree(publish: Publish, history: histories.History) -> None:
    first = history.commit("begin", {"a.txt": "1\n", "src/deep/ä b.py": "2\n"}, at=NOON - HOUR)
    second = history.commit("go on", {"a.txt": None, "src/new.py": "3\n"}, at=NOON)
    source = await publish(history)
    assert await source.paths(REPO, first) == {"a.txt", "src/deep/ä b.py"}
    assert await source.paths(REPO, second) == {"src/deep/ä b.py", "src/new.py"}


async def test_a_file_is_read_as_it_was_at_a_commit(publish: Publish, history: histories.History) -> None:
    first = history.commit("one", {".gitattributes": "*.rs linguist-generated\n"}, at=NOON)
    second = history.commit("two", {".gitattributes": None, "a.txt": "a\n"}, at=NOON)
    source = await publish(history)
    assert await source.file(REPO, first, ".gitattributes") == "*.rs linguist-generated\n"
    assert await source.file(REPO, second, ".gitattributes") is None


@pytest.mark.parametrize("sha", ["0" * 40, "HEAD", "--all", ""])
async def test_the_paths_of_an_unknown_commit_are_not_found(
    publish: Publish, history: histories.History, sha: str
) -> None:
    history.commit("begin", {"a": "1\n"}, at=NOON)
    with pytest.raises(NotFound, match="octo/hello has no commit"):
        await (await publish(history)).paths(REPO, sha)
