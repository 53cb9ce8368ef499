"""Branches that match a pattern, from every source: each commit once, whatever branches it is on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.git import CloneCache, GitSource, LocalClone
from bot.adapters.github import GitHubSource
from bot.core.branches import BRANCHES_MAX
from bot.core.days import Window
from bot.core.errors import BranchNotFound, RepositoryNotFound, TooManyBranches
from bot.core.model import History as Span
from bot.core.model import Repo
from bot.core.ports import BranchListing, CommitSource
from tests.counterparts.github import TOKEN, GitHubProxy
from tests.counterparts.histories import History, git
from tests.sources.conftest import ALWAYS, ENVIRONMENT, NOON, REPO, Publish, listed, local_source, now, read_all

RELEASES = replace(REPO, branches="release/*")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    """Branches main, release/1.0 and release/1.1, which left main one after the other."""

    history: History
    #: By subject: `base` and `shared` are on all branches but release/1.0, which has only `base` of main.
    shas: Mapping[str, str]

    def __getitem__(self, subject: str) -> str:
        return self.shas[subject]

    def commit(self, branch: str, subject: str, *, at: timedelta) -> str:
        self.history.checkout(branch)
        sha = self.history.commit(subject, {subject: "x\n"}, at=NOON + at)
        self.history.checkout("main")
        return sha


def github_source(emulated_github: GitHubProxy, *trusted: Repo) -> GitHubSource:
    return GitHubSource(
        now=now,
        base_url=emulated_github.url,
        token=TOKEN,
        trusted=frozenset(trusted),
        retries=0,
        seconds_between_requests=0,
    )


@pytest.fixture
def releases(history: History) -> Releases:
    shas = {"base": history.commit("base", {"a": "1\n"}, at=NOON - 9 * HOUR)}
    history.checkout("release/1.0", create=True)
    shas["1.0"] = history.commit("1.0", {"one": "1\n"}, at=NOON - 5 * HOUR)
    history.checkout("main")
    shas["shared"] = history.commit("shared", {"a": "2\n"}, at=NOON - 6 * HOUR)
    history.checkout("release/1.1", create=True)
    shas["1.1"] = history.commit("1.1", {"two": "1\n"}, at=NOON - 3 * HOUR)
    history.checkout("main")
    shas["main"] = history.commit("main", {"a": "3\n"}, at=NOON - 4 * HOUR)
    return Releases(history=history, shas=shas)


async def recent(source: CommitSource, tip: str | None, since: timedelta = -DAY) -> BranchListing:
    return await source.recent(RELEASES, NOON + since, tip)


def shas(listing: BranchListing) -> list[str]:
    return [ref.sha for ref in listing.commits]


async def test_each_commit_of_the_branches_is_listed_once(publish: Publish, releases: Releases) -> None:
    source = await publish(releases.history)
    on_releases = [releases[subject] for subject in ("1.1", "1.0", "shared", "base")]
    assert await listed(source, repo=RELEASES) == on_releases
    assert await listed(source, repo=replace(REPO, branches="release/1.?")) == on_releases
    assert await listed(source, repo=replace(REPO, branches="release/1.0")) == [releases["1.0"], releases["base"]]
    assert await listed(source, repo=replace(REPO, branches="main")) == await listed(source)
    assert await listed(source) == [releases[subject] for subject in ("main", "shared", "base")]
    everywhere = replace(REPO, branches="*")
    assert set(await listed(source, repo=everywhere)) == set(releases.shas.values())


async def test_a_window_holds_its_first_instant_and_not_its_last_on_every_branch(
    publish: Publish, releases: Releases
) -> None:
    source = await publish(releases.history)
    window = Window(since=NOON - 6 * HOUR, until=NOON - 3 * HOUR)
    assert await listed(source, window, RELEASES) == [releases["1.0"], releases["shared"]]


async def test_children_come_first_at_the_same_instant_across_branches(publish: Publish, history: History) -> None:
    parent = history.commit("parent", {"a": "1\n"}, at=NOON)
    history.checkout("release/2", create=True)
    child = history.commit("child", {"a": "2\n"}, at=NOON)
    history.checkout("main")
    git(history.path, "branch", "release/1")
    assert await listed(await publish(history), repo=RELEASES) == [child, parent]


async def test_what_no_branch_matches_is_an_error_and_no_quiet_day(publish: Publish, releases: Releases) -> None:
    source = await publish(releases.history)
    for pattern in ("release", "Release/*", "HEAD", "nothing/[0-9]*"):
        with pytest.raises(BranchNotFound) as raised:
            await source.list(replace(REPO, branches=pattern), ALWAYS)
        assert str(raised.value) == f"octo/hello has no branch like {pattern}."
        with pytest.raises(BranchNotFound):
            await source.recent(replace(REPO, branches=pattern), NOON, None)


async def test_an_empty_repository_has_no_branches(publish: Publish, history: History) -> None:
    with pytest.raises(BranchNotFound):
        await (await publish(history)).list(RELEASES, ALWAYS)


async def test_more_branches_than_can_be_asked_for_are_refused(publish: Publish, history: History) -> None:
    history.commit("begin", {"a": "1\n"}, at=NOON)
    refs = "".join(f"create refs/heads/many/{number} HEAD\n" for number in range(BRANCHES_MAX + 1))
    git(history.path, "update-ref", "--stdin", given=refs.encode())
    with pytest.raises(TooManyBranches, match="octo/hello has 101 branches like many/\\*"):
        await (await publish(history)).list(replace(REPO, branches="many/*"), ALWAYS)


async def test_a_commit_of_a_branch_is_read_by_the_repository_too(publish: Publish, releases: Releases) -> None:
    source = await publish(releases.history)
    assert await source.list(RELEASES, ALWAYS)
    of_branches = await read_all(source, [releases["1.0"]], RELEASES)
    assert await read_all(source, [releases["1.0"]]) == of_branches
    assert await source.paths(RELEASES, releases["1.0"]) == {"a", "one"}
    assert await source.file(RELEASES, releases["1.0"], "one") == "1\n"


async def test_a_history_spans_all_of_the_branches(publish: Publish, releases: Releases) -> None:
    source = await publish(releases.history)
    assert await source.history(RELEASES) == Span(first=NOON - 9 * HOUR, last=NOON - 3 * HOUR)
    one = replace(REPO, branches="release/1.0")
    assert await source.history(one) == Span(first=NOON - 9 * HOUR, last=NOON - 5 * HOUR)


async def test_what_any_branch_has_gained_is_found_by_the_tips(publish: Publish, releases: Releases) -> None:
    before = await recent(await publish(releases.history), None)
    assert before.tip == f"release/1.0={releases['1.0']} release/1.1={releases['1.1']}"
    late = releases.commit("release/1.0", "late", at=-30 * DAY)
    new = releases.commit("release/1.1", "new", at=HOUR)
    releases.commit("main", "elsewhere", at=HOUR)
    after = await recent(await publish(releases.history), before.tip, since=timedelta(0))
    assert {late, new} <= set(shas(after))
    assert set(shas(after)) <= {late, new, *releases.shas.values()} - {releases["main"]}
    assert len(shas(after)) == len(set(shas(after)))
    assert (after.tip, after.rewritten) == (f"release/1.0={late} release/1.1={new}", False)


async def test_a_new_branch_has_gained_what_was_on_no_other(publish: Publish, releases: Releases) -> None:
    before = await recent(await publish(releases.history), None)
    old = releases.commit("main", "old", at=-20 * DAY)
    git(releases.history.path, "branch", "release/1.2", "main")
    after = await recent(await publish(releases.history), before.tip, since=timedelta(0))
    assert {old, releases["main"]} <= set(shas(after))
    assert not after.rewritten


async def test_a_force_push_of_one_branch_names_what_is_on_none_any_more(publish: Publish, releases: Releases) -> None:
    before = await recent(await publish(releases.history), None)
    git(releases.history.path, "branch", "--force", "release/1.0", releases["base"])
    old = releases.commit("release/1.1", "old", at=-30 * DAY)
    after = await recent(await publish(releases.history), before.tip, since=timedelta(0))
    assert (after.rewritten, after.vanished) == (True, {releases["1.0"]})
    assert old in shas(after)


async def test_a_branch_put_back_to_what_another_has_loses_nothing(publish: Publish, releases: Releases) -> None:
    git(releases.history.path, "branch", "release/1.2", "release/1.1")
    before = await recent(await publish(releases.history), None)
    git(releases.history.path, "branch", "--force", "release/1.2", releases["shared"])
    after = await recent(await publish(releases.history), before.tip)
    assert (after.rewritten, after.vanished) == (False, frozenset())


async def test_what_only_a_deleted_branch_had_has_vanished(publish: Publish, releases: Releases) -> None:
    before = await recent(await publish(releases.history), None)
    git(releases.history.path, "branch", "-D", "release/1.0")
    after = await recent(await publish(releases.history), before.tip)
    assert (after.rewritten, after.vanished) == (True, {releases["1.0"]})
    assert after.tip == f"release/1.1={releases['1.1']}"


# Clones


async def test_a_clone_of_one_repository_answers_for_its_branches(releases: Releases) -> None:
    path = releases.history.path
    for own in (REPO, replace(REPO, branches="main")):
        source = GitSource(LocalClone(path, now=now, environment=ENVIRONMENT, repo=own))
        assert len(await listed(source, repo=RELEASES)) == 4
        with pytest.raises(RepositoryNotFound, match="is a clone of octo/hello, not of octo/other"):
            await source.list(replace(RELEASES, name="other"), ALWAYS)


async def test_in_a_clone_with_a_remote_its_branches_are_followed(releases: Releases, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(releases.history.path), "clone")
    clone = tmp_path / "clone"
    git(clone, "branch", "release/mine", "origin/main")
    assert len(await listed(local_source(clone), repo=RELEASES)) == 4
    git(clone, "remote", "remove", "origin")
    assert len(await listed(local_source(clone), repo=replace(REPO, branches="release/mine"))) == 3


# GitHub


async def test_branches_that_did_not_move_cost_one_request_together(
    publish_on_github: Publish, releases: Releases, emulated_github: GitHubProxy
) -> None:
    source = await publish_on_github(releases.history)
    tip = (await recent(source, None)).tip
    emulated_github.counts.clear()
    await recent(source, tip)
    assert emulated_github.requests() == 1
    releases.commit("release/1.1", "new", at=HOUR)
    await publish_on_github(releases.history)
    emulated_github.counts.clear()
    await recent(source, tip)
    assert emulated_github.requests() == 2


async def test_branches_are_followed_under_the_repository_s_new_name(
    publish_on_github: Publish, releases: Releases, emulated_github: GitHubProxy
) -> None:
    await publish_on_github(releases.history)
    emulated_github.github.repositories.pop(str(REPO))
    others = ["release/1.0", "release/1.1"]
    await emulated_github.load(releases.history.path, "octo/greetings", others=others)
    emulated_github.moved[str(REPO)] = "octo/greetings"
    source = github_source(emulated_github)
    assert await listed(source, repo=replace(REPO, branches="release/1.0")) == [releases["1.0"], releases["base"]]
    await source.close()


async def test_branches_of_a_private_repository_are_as_private_as_it_is(
    releases: Releases, emulated_github: GitHubProxy
) -> None:
    others = ["release/1.0", "release/1.1"]
    await emulated_github.load(releases.history.path, str(REPO), others=others, private=True)
    for trusted in ([], [replace(REPO, name="other")]):
        source = github_source(emulated_github, *trusted)
        with pytest.raises(RepositoryNotFound, match="There is no repository octo/hello, or it is private"):
            await source.list(RELEASES, ALWAYS)
        await source.close()
    for trusted in (REPO, replace(REPO, branches="main")):
        source = github_source(emulated_github, trusted)
        assert len(await listed(source, repo=RELEASES)) == 4
        await source.close()


async def test_a_token_is_sent_for_trusted_repositories_whatever_branches_are_followed(tmp_path: Path) -> None:
    clones = CloneCache(
        tmp_path, now=now, environment=ENVIRONMENT, token=TOKEN, trusted=frozenset({replace(REPO, branches="main")})
    )
    assert [clones.has_credentials(repo) for repo in (REPO, RELEASES)] == [True, True]
    assert not clones.has_credentials(replace(RELEASES, name="other"))
