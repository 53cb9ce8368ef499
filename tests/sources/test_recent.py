"""What a branch has gained since its newest commit was another one, from every source."""

from datetime import timedelta

import pytest

from bot.adapters.github import GitHubSource
from bot.core.errors import RepositoryNotFound
from bot.core.model import Repo
from bot.core.patch_id import patch_id
from bot.core.ports import BranchListing, CommitSource
from tests.counterparts.github import TOKEN, GitHubProxy, server_error
from tests.counterparts.histories import History, git
from tests.sources.conftest import NOON, REPO, Publish, listed, local_source, now, read_all

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def recent(source: CommitSource, tip: str | None, repo: Repo = REPO) -> BranchListing:
    return await source.recent(repo, NOON - DAY, tip)


def shas(listing: BranchListing) -> set[str]:
    return {ref.sha for ref in listing.commits}


async def test_everything_since_then_is_there_and_what_is_dated_in_the_future_too(
    publish: Publish, history: History
) -> None:
    history.commit("old", {"a": "1\n"}, at=NOON - 2 * DAY)
    inside = history.commit("inside", {"a": "2\n"}, at=NOON - HOUR)
    ahead = history.commit("ahead", {"a": "3\n"}, at=NOON + 3000 * DAY)
    listing = await recent(await publish(history), None)
    assert {inside, ahead} <= shas(listing)
    assert (listing.tip, listing.rewritten) == (ahead, False)


async def test_a_commit_of_any_date_is_found_by_the_tip(publish: Publish, history: History) -> None:
    tip = history.commit("tip", {"a": "1\n"}, at=NOON - HOUR)
    old = history.commit("old", {"a": "2\n"}, at=NOON - 30 * DAY)
    new = history.commit("new", {"a": "3\n"}, at=NOON)
    oldest = history.commit("oldest", {"a": "4\n"}, at=NOON - 60 * DAY)
    listing = await recent(await publish(history), tip)
    assert {old, new, oldest} <= shas(listing)
    assert (listing.tip, listing.rewritten, listing.vanished) == (oldest, False, frozenset())


async def test_a_merge_brings_in_what_was_made_long_before_the_tip(publish: Publish, history: History) -> None:
    history.commit("begin", {"a": "1\n"}, at=NOON - 40 * DAY)
    history.checkout("side", create=True)
    side = [history.commit(f"side {n}", {"side": f"{n}\n"}, at=NOON - 30 * DAY + n * HOUR) for n in range(3)]
    history.checkout("main")
    tip = history.commit("main", {"a": "2\n"}, at=NOON - 2 * HOUR)
    merge = history.merge("side", "Merge side", at=NOON)
    listing = await recent(await publish(history), tip)
    assert {merge, *side} <= shas(listing)
    assert not listing.rewritten


async def test_more_commits_than_a_page_holds_are_all_found(publish: Publish, history: History) -> None:
    tip = history.commit("tip", {}, at=NOON - 3 * DAY)
    new = [history.commit(f"{n}", {}, at=NOON - 2 * DAY + n * timedelta(seconds=1)) for n in range(130)]
    listing = await recent(await publish(history), tip)
    assert set(new) <= shas(listing)
    assert not listing.rewritten


async def test_a_force_push_is_noticed_and_what_vanished_is_named(publish: Publish, history: History) -> None:
    base = history.commit("base", {"a": "1\n"}, at=NOON - 3 * HOUR)
    gone = [history.commit(f"gone {n}", {"a": f"{n}x\n"}, at=NOON - 2 * HOUR) for n in range(2)]
    assert (await recent(await publish(history), base)).tip == gone[-1]
    git(history.path, "reset", "--quiet", "--hard", base)
    new = history.commit("instead", {"a": "3\n"}, at=NOON)
    listing = await recent(await publish(history), gone[-1])
    assert listing.rewritten
    assert listing.tip == new
    assert set(gone) == listing.vanished


async def test_a_branch_that_was_only_shortened_was_rewritten(publish: Publish, history: History) -> None:
    base = history.commit("base", {"a": "1\n"}, at=NOON - 3 * HOUR)
    gone = history.commit("gone", {"a": "2\n"}, at=NOON - 2 * HOUR)
    await recent(await publish(history), None)
    git(history.path, "reset", "--quiet", "--hard", base)
    listing = await recent(await publish(history), gone)
    assert (listing.rewritten, listing.tip, listing.vanished) == (True, base, frozenset({gone}))


async def test_a_tip_that_nobody_knows_means_that_the_branch_was_rewritten(publish: Publish, history: History) -> None:
    tip = history.commit("base", {"a": "1\n"}, at=NOON)
    listing = await recent(await publish(history), "0" * 39 + "1")
    assert (listing.rewritten, listing.tip) == (True, tip)


async def test_an_empty_repository_has_no_tip(publish: Publish, history: History) -> None:
    listing = await recent(await publish(history), None)
    assert (listing.commits, listing.tip, listing.rewritten) == ((), None, False)


async def test_a_change_has_the_same_patch_id_from_every_source_and_from_git_itself(
    publish: Publish, history: History
) -> None:
    text = "".join(f"line {number}\n" for number in range(60))
    history.commit("begin", {"a": text, "b": "b\n", "spa ce": "x"}, at=NOON - 4 * HOUR)
    changed = text.replace("line 3\n", "line three\n").replace("line 50\n", "line  fifty\n")
    one = history.commit("change", {"a": changed, "b": None, "c": "new\n", "spa ce": "y"}, at=NOON - 3 * HOUR)
    history.checkout("other", create=True)
    git(history.path, "reset", "--quiet", "--hard", f"{one}~1")
    history.commit("something before", {"a": f"first\n{text}", "b": "b\n"}, at=NOON - 2 * HOUR)
    git(history.path, "cherry-pick", one, env=_IDENTITY)
    two = history.head()
    third = history.commit("another change", {"c": "newer\n"}, at=NOON)
    diffs = await read_all(local_source(history.path), [one, two, third])
    git(history.path, "checkout", "--quiet", "main")
    from_source = (await read_all(await publish(history), [one]))[one]
    said = git(history.path, "patch-id", "--stable", given=git(history.path, "show", "--pretty=%H", one))
    assert patch_id(from_source) == patch_id(diffs[one]) == patch_id(diffs[two]) == said.decode().split()[0]
    assert patch_id(diffs[third]) != patch_id(diffs[one])


_IDENTITY = {
    "GIT_COMMITTER_NAME": "Bob",
    "GIT_COMMITTER_EMAIL": "bob@example.com",
    "GIT_COMMITTER_DATE": NOON.isoformat(),
}


async def test_a_change_that_patches_do_not_tell_has_no_patch_id(history: History) -> None:
    binary = history.commit("picture", {"picture": b"\0\1"}, at=NOON)
    empty = history.commit("nothing", {}, at=NOON)
    moved = history.commit("empty file", {"nothing": ""}, at=NOON)
    diffs = await read_all(local_source(history.path), [binary, empty, moved])
    assert (patch_id(diffs[binary]), patch_id(diffs[empty])) == (None, None)
    assert patch_id(diffs[moved]) is not None


# GitHub


@pytest.fixture
async def github(publish_on_github: Publish, history: History, emulated_github: GitHubProxy) -> GitHubSource:
    """With 30 commits, one an hour, the last at noon."""
    for number in range(30):
        history.commit(f"{number}", {"a": f"{number}\n"}, at=NOON - (29 - number) * HOUR)
    source = await publish_on_github(history)
    assert isinstance(source, GitHubSource)
    emulated_github.counts.clear()
    return source


async def test_what_is_new_costs_one_request(
    github: GitHubSource, history: History, emulated_github: GitHubProxy
) -> None:
    tip = history.head()
    await recent(github, None)
    new = [history.commit(f"new {n}", {"a": f"new {n}\n"}, at=NOON - 30 * n * DAY) for n in range(5)]
    await emulated_github.load(history.path)
    emulated_github.counts.clear()
    assert set(new) <= shas(await recent(github, tip))
    assert sum(emulated_github.counts.values()) == 1


async def test_a_renamed_repository_goes_on_under_its_old_name(
    github: GitHubSource, history: History, emulated_github: GitHubProxy
) -> None:
    tip = (await recent(github, None)).tip
    for number in range(80):
        history.commit(f"later {number}", {"a": f"later {number}\n"}, at=NOON + number * timedelta(minutes=1))
    await emulated_github.load(history.path, str(REPO))
    repository = emulated_github.github.repositories.pop(str(REPO))
    await emulated_github.load(history.path, "octo/greetings")
    emulated_github.moved[str(REPO)] = "octo/greetings"
    assert repository.history == history.path
    listing = await recent(github, tip)
    assert set(git(history.path, "rev-list", "--max-count=100", "main").decode().split()) <= shas(listing)
    assert not listing.rewritten
    assert await listed(github) == git(history.path, "rev-list", "main").decode().split()
    assert len(await read_all(github, [history.head()])) == 1


async def test_an_outage_while_comparing_is_no_force_push(
    github: GitHubSource, history: History, emulated_github: GitHubProxy
) -> None:
    emulated_github.fail(server_error(), path="*compare*", times=None)
    with pytest.raises(Exception, match="GitHub answered with an error"):
        await recent(github, "1" * 40)


async def test_a_repository_that_is_not_there_is_not_found(emulated_github: GitHubProxy) -> None:
    source = GitHubSource(now=now, base_url=emulated_github.url, token=TOKEN, trusted=frozenset({REPO}), retries=0)
    with pytest.raises(RepositoryNotFound):
        await recent(source, None)
    await source.close()
