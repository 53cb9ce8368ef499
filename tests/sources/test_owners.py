"""Which repositories an owner has, as GitHub tells those who may know."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.git import GitSource, LocalClone
from bot.adapters.github import GitHubSource, owners
from bot.core.errors import OwnerNotFound, SourceRefused, SourceUnavailable, TooManyRepositories
from bot.core.model import Repo
from bot.core.ports import RepositoryInfo
from tests.counterparts.github import TOKEN, GitHubProxy, not_found, primary_limit, server_error
from tests.sources.conftest import ENVIRONMENT, now


def acme(name: str) -> Repo:
    return Repo(owner="acme", name=name)


@pytest.fixture
async def source(emulated_github: GitHubProxy) -> AsyncIterator[GitHubSource]:
    emulated_github.organisations.add("acme")
    for name in ("tool", "Site", "legacy-tool"):
        await emulated_github.create(f"acme/{name}")
    await emulated_github.create("acme/secret", private=True)
    source = _source(emulated_github)
    yield source
    await source.close()


def _source(github: GitHubProxy, trusted: frozenset[Repo] = frozenset()) -> GitHubSource:
    return GitHubSource(
        now=now,
        base_url=github.url,
        token=TOKEN,
        trusted=trusted,
        retries=0,
        seconds_between_requests=0,
        rate_limit_wait=timedelta(0),
    )


async def names(source: GitHubSource, owner: str = "acme") -> list[str]:
    return [str(info.repo) for info in await source.repositories(owner)]


async def test_an_organisation_has_its_public_repositories_by_name(source: GitHubSource):
    assert await names(source) == ["acme/legacy-tool", "acme/Site", "acme/tool"]
    assert await names(source, "ACME") == ["acme/legacy-tool", "acme/Site", "acme/tool"]


async def test_a_user_has_repositories_as_well(source: GitHubSource, emulated_github: GitHubProxy):
    await emulated_github.create("octo/hello")
    await emulated_github.create("octo/diary", private=True)
    assert await names(source, "octo") == ["octo/hello"]


async def test_forks_and_archived_ones_are_told_apart(source: GitHubSource, emulated_github: GitHubProxy):
    await emulated_github.create("octo/hello")
    await emulated_github.github.fork("octo/hello", "acme")
    await emulated_github.github.change("acme/legacy-tool", archived=True)
    assert await source.repositories("acme") == [
        RepositoryInfo(repo=acme("hello"), is_fork=True),
        RepositoryInfo(repo=acme("legacy-tool"), is_archived=True),
        RepositoryInfo(repo=acme("Site")),
        RepositoryInfo(repo=acme("tool")),
    ]


async def test_a_private_repository_is_there_for_whom_the_operator_trusts_with_it(
    source: GitHubSource, emulated_github: GitHubProxy
):
    trusting = _source(emulated_github, frozenset({acme("Secret"), acme("gone"), Repo(owner="octo", name="diary")}))
    assert await names(trusting) == ["acme/legacy-tool", "acme/secret", "acme/Site", "acme/tool"]
    assert "acme/secret" not in await names(source)
    assert emulated_github.requests("octo") == 0
    await trusting.close()


async def test_what_became_private_or_another_name_is_not_there_under_the_old_one(
    source: GitHubSource, emulated_github: GitHubProxy
):
    await emulated_github.github.change("acme/Site", private=True)
    await emulated_github.github.change("acme/tool", name="toolbox")
    assert await names(source) == ["acme/legacy-tool", "acme/toolbox"]


async def test_a_trusted_one_that_was_renamed_is_not_there_under_the_old_name(
    source: GitHubSource, emulated_github: GitHubProxy
):
    emulated_github.moved["acme/code-name"] = "acme/secret"
    trusting = _source(emulated_github, frozenset({acme("code-name")}))
    assert await names(trusting) == ["acme/legacy-tool", "acme/Site", "acme/tool"]
    await trusting.close()


async def test_who_has_more_than_a_page_is_listed_page_by_page(source: GitHubSource, emulated_github: GitHubProxy):
    for number in range(105):
        await emulated_github.create(f"acme/part-{number:03}")
    listed = await names(source)
    assert (len(listed), len(set(listed))) == (108, 108)
    assert emulated_github.requests("/orgs/acme/repos") == 2


async def test_who_has_too_many_is_not_looked_through(
    source: GitHubSource, emulated_github: GitHubProxy, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(owners, "PAGES_MAX", 1)
    for number in range(98):
        await emulated_github.create(f"acme/part-{number:03}")
    with pytest.raises(TooManyRepositories, match="acme has more than 100 repositories"):
        await source.repositories("acme")


async def test_a_list_that_has_not_changed_costs_nothing_of_the_quota(
    source: GitHubSource, emulated_github: GitHubProxy
):
    first = await source.repositories("acme")
    emulated_github.statuses.clear()
    assert await source.repositories("acme") == first
    assert set(emulated_github.statuses) == {304}


async def test_nobody_by_that_name_has_none(source: GitHubSource):
    with pytest.raises(OwnerNotFound, match="GitHub knows no organisation and no user nobody-here"):
        await source.repositories("nobody-here")


async def test_an_outage_and_a_limit_are_no_empty_list(source: GitHubSource, emulated_github: GitHubProxy):
    emulated_github.fail(server_error())
    with pytest.raises(SourceUnavailable, match="GitHub answered with an error"):
        await source.repositories("acme")
    emulated_github.fail(primary_limit(reset_in=600))
    with pytest.raises(SourceUnavailable, match="asks us to wait"):
        await source.repositories("acme")
    emulated_github.fail(not_found())  # of /orgs/acme; the user of that name has the same
    assert await names(source) == ["acme/legacy-tool", "acme/Site", "acme/tool"]


async def test_a_clone_does_not_know_what_else_its_owner_has(tmp_path: Path):
    clone = GitSource(LocalClone(tmp_path, now=now, environment=ENVIRONMENT))
    with pytest.raises(SourceRefused, match="Which repositories acme has can be found out from GitHub only"):
        await clone.repositories("acme")
