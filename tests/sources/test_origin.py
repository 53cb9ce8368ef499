import os
import subprocess
from pathlib import Path

import pytest

from bot.adapters.git import origin
from bot.core.model import Repo

ENVIRONMENT = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


@pytest.mark.parametrize(
    ("address", "repo"),
    [
        ("https://github.com/ai-dynamo/dynamo.git", Repo(owner="ai-dynamo", name="dynamo")),
        ("https://user:token@github.com/ai-dynamo/dynamo", Repo(owner="ai-dynamo", name="dynamo")),
        ("git@github.com:ai-dynamo/dynamo.git", Repo(owner="ai-dynamo", name="dynamo")),
        (
            "ssh://git@git.example.org:2222/group/team/dynamo/",
            Repo(owner="team", name="dynamo", host="git.example.org"),
        ),
        ("/srv/git/dynamo.git", Repo(owner="local", name="hello-world", host="")),
        ("../dynamo", Repo(owner="local", name="hello-world", host="")),
    ],
)
async def test_a_clone_is_of_what_its_origin_names(tmp_path: Path, address: str, repo: Repo):
    clone = tmp_path / "hello world"
    subprocess.run(["git", "init", "--quiet", clone], check=True, env=ENVIRONMENT)
    subprocess.run(["git", "-C", clone, "remote", "add", "origin", address], check=True, env=ENVIRONMENT)
    found = await origin(clone, environment=ENVIRONMENT)
    assert (found.owner, found.name, found.host) == (repo.owner, repo.name, repo.host)


async def test_a_clone_without_origin_is_named_after_its_folder(tmp_path: Path):
    assert await origin(tmp_path / "no clone!", environment=ENVIRONMENT) == Repo(
        owner="local", name="no-clone-", host=""
    )
