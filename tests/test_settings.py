from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.model import Repo
from bot.core.retention import Retention
from bot.settings import Settings, SettingsInvalid, load_settings


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name.upper()}_FILE", raising=False)
    monkeypatch.chdir(tmp_path)  # away from anybody's .env


def test_nothing_needs_to_be_set():
    settings = load_settings()
    assert settings.default_repo == Repo(owner="ai-dynamo", name="dynamo")
    assert settings.zone.key == "Asia/Shanghai"
    assert settings.secrets == ()


def test_all_problems_are_told_at_once_and_no_value_with_them(monkeypatch: pytest.MonkeyPatch):
    for name, value in {
        "DIGEST_TIMEZONE": "Mars/Base-hush",
        "DIGEST_DEFAULT_REPO": "dynamo",
        "DIGEST_SOURCE": "svn-hush",
        "PORT": "99999",
        "DATABASE_URL": "mysql://user:hush@host/db",
        "GITHUB_API_URL": "hush",
        "FEISHU_DOMAIN": "hush",
        "FEISHU_WEBHOOK_URL": "hush",
        "PING_URL": "hush",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalid) as problem:
        load_settings()
    assert str(problem.value).splitlines() == [
        "The configuration is not valid:",
        "- DATABASE_URL: Value error, must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE",
        "- DIGEST_DEFAULT_REPO: Value error, “dynamo” is not a repository: write owner/name.",
        "- DIGEST_TIMEZONE: Value error, “Mars/Base-hush” is not a time zone of the IANA database.",
        "- DIGEST_SOURCE: Input should be 'auto', 'github' or 'git'",
        "- GITHUB_API_URL: Value error, must be an address such as https://host/path",
        "- FEISHU_DOMAIN: Value error, must be feishu, lark, or an address such as https://host",
        "- FEISHU_WEBHOOK_URL: Value error, must be an address such as https://host/open-apis/bot/v2/hook/…",
        "- PING_URL: Value error, must be an address such as https://hc-ping.com/…",
        "- PORT: Input should be less than or equal to 65535",
    ]


@pytest.mark.parametrize(
    ("given", "needed"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-hush"}, "SLACK_BOT_TOKEN needs SLACK_APP_TOKEN"),
        ({"SLACK_APP_TOKEN": "xapp-hush"}, "need SLACK_BOT_TOKEN"),
        ({"SLACK_CLIENT_ID": "1.2"}, "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET need each other"),
        ({"SLACK_CLIENT_SECRET": "hush"}, "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET need each other"),
        ({"SLACK_CLIENT_ID": "1.2"}, "SLACK_CLIENT_ID needs SLACK_SIGNING_SECRET"),
        ({"SLACK_CLIENT_ID": "1.2"}, "SLACK_CLIENT_ID needs PUBLIC_URL"),
        ({"SLACK_CLIENT_ID": "1.2", "SLACK_BOT_TOKEN": "xoxb-hush"}, "set only one of them"),
        ({"SLACK_NATIVE_BLOCKS": "container,hologram"}, "SLACK_NATIVE_BLOCKS: Input should be 'container' or"),
        ({"TOKEN_ENCRYPTION_KEYS": f"{'k' * 32},hush"}, "each key must have at least 32 characters"),
        ({"DIGEST_PRIVATE_REPOS": "octo/hello@"}, "the workspace's id, such as T0123, is missing after @"),
        ({"PUBLIC_URL": "digest.example.org"}, "PUBLIC_URL: Value error, must be an address"),
        ({"FEISHU_APP_ID": "cli_1"}, "FEISHU_APP_ID and FEISHU_APP_SECRET need each other"),
        ({"FEISHU_APP_SECRET": "hush"}, "FEISHU_APP_ID and FEISHU_APP_SECRET need each other"),
        ({"FEISHU_ENCRYPT_KEY": "hush"}, "FEISHU_ENCRYPT_KEY needs FEISHU_APP_ID"),
        ({"FEISHU_VERIFICATION_TOKEN": "hush"}, "FEISHU_VERIFICATION_TOKEN needs FEISHU_ENCRYPT_KEY"),
        ({"FEISHU_WEBHOOK_SECRET": "hush"}, "FEISHU_WEBHOOK_SECRET needs FEISHU_WEBHOOK_URL"),
        ({"FEISHU_DOMAIN": "ftp://hush"}, "FEISHU_DOMAIN: Value error, must be feishu, lark, or an address"),
        ({"OPENAI_API_KEY": "sk-hush"}, "need OPENAI_MODEL"),
        ({"OPENAI_MODEL": "large"}, "OPENAI_MODEL needs OPENAI_API_KEY"),
        ({"OPENAI_BUDGET_USD": "5"}, "OPENAI_BUDGET_USD needs the price of OPENAI_MODEL"),
        ({"OPENAI_PRICES": "large=cheap-hush"}, "OPENAI_PRICES: .* a price is prompt/completion"),
        ({"GITHUB_APP_ID": "1"}, "GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY need each other"),
    ],
)
def test_what_belongs_together_is_asked_for_together(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], needed: str
):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalid, match=needed) as problem:
        load_settings()
    assert "hush" not in str(problem.value)


def test_many_workspaces_need_the_app_s_credentials_and_an_address(monkeypatch: pytest.MonkeyPatch):
    for name, value in {
        "SLACK_CLIENT_ID": "1.2",
        "SLACK_CLIENT_SECRET": "hush-1",
        "SLACK_SIGNING_SECRET": "hush-2",
        "PUBLIC_URL": "https://digest.example.org/",
        "SLACK_NATIVE_BLOCKS": "container, data_visualization",
    }.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.uses_slack
    assert settings.public_url == "https://digest.example.org"
    assert settings.slack_native_blocks == {"container", "data_visualization"}
    assert settings.encryption_keys == ("hush-1",)
    monkeypatch.setenv("TOKEN_ENCRYPTION_KEYS", f"{'new' * 11}, {'old' * 11}")
    settings = load_settings()
    assert settings.encryption_keys == ("new" * 11, "old" * 11)
    assert {"hush-1", "hush-2", "new" * 11, "old" * 11} <= set(settings.secrets)


def test_links_are_signed_with_keys_of_their_own_or_else_with_those_of_tokens(monkeypatch: pytest.MonkeyPatch):
    assert load_settings().signing_keys == ()
    monkeypatch.setenv("TOKEN_ENCRYPTION_KEYS", "token" * 7)
    assert load_settings().signing_keys == ("token" * 7,)
    monkeypatch.setenv("LINK_KEYS", f"{'new' * 11}, {'old' * 11}")
    settings = load_settings()
    assert settings.signing_keys == ("new" * 11, "old" * 11)
    assert {"new" * 11, "old" * 11} <= set(settings.secrets)
    monkeypatch.setenv("LINK_KEYS", "short")
    with pytest.raises(SettingsInvalid, match=r"LINK_KEYS: .*each key must have at least 32 characters"):
        load_settings()


def test_what_is_wrong_with_feishu_is_told_together(monkeypatch: pytest.MonkeyPatch):
    for name in ("FEISHU_APP_SECRET", "FEISHU_ENCRYPT_KEY", "FEISHU_WEBHOOK_SECRET"):
        monkeypatch.setenv(name, "hush")
    with pytest.raises(SettingsInvalid) as problem:
        load_settings()
    assert str(problem.value).splitlines() == [
        "The configuration is not valid:",
        "- Value error, FEISHU_APP_ID and FEISHU_APP_SECRET need each other; FEISHU_ENCRYPT_KEY needs FEISHU_APP_ID; "
        "FEISHU_WEBHOOK_SECRET needs FEISHU_WEBHOOK_URL",
    ]


@pytest.mark.parametrize(
    ("domain", "base"),
    [
        ("", "https://open.feishu.cn"),
        ("feishu", "https://open.feishu.cn"),
        ("lark", "https://open.larksuite.com"),
        ("https://feishu.example.org/", "https://feishu.example.org"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_feishu_is_in_china_or_abroad_or_behind_a_proxy(monkeypatch: pytest.MonkeyPatch, domain: str, base: str):
    monkeypatch.setenv("FEISHU_DOMAIN", domain)
    assert load_settings().feishu_base_url == base


def test_secrets_of_feishu_may_stand_in_files_and_are_never_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Of the custom bot's address too, whose last part is all that anybody needs to post into the group."""
    secrets = {
        "FEISHU_APP_SECRET": "hush-1",
        "FEISHU_ENCRYPT_KEY": "hush-2",
        "FEISHU_VERIFICATION_TOKEN": "hush-3",
        "FEISHU_WEBHOOK_URL": "https://OPEN.feishu.cn/open-apis/bot/v2/hook/hush-4",
        "FEISHU_WEBHOOK_SECRET": "hush-5",
    }
    for name, value in secrets.items():
        (tmp_path / name).write_text(f"{value}\n")
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / name))
    monkeypatch.setenv("FEISHU_APP_ID", "cli_1")
    settings = load_settings()
    assert settings.secrets == (*secrets.values(), "hush-4")
    assert settings.uses_feishu
    assert "hush" not in repr(settings)


def test_where_we_ping_is_a_secret(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PING_URL", "https://hc-ping.com/hush")
    settings = load_settings()
    assert settings.secrets == ("https://hc-ping.com/hush",)
    assert "hush" not in repr(settings)


def test_a_private_repository_is_for_everybody_or_for_the_workspaces_that_are_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DIGEST_PRIVATE_REPOS", "octo/a, octo/b@T1,octo/b@T2 ,octo/c@T1,octo/c")
    a, b, c = (Repo(owner="octo", name=name) for name in "abc")
    assert load_settings().private_repos_of == {a: frozenset(), b: frozenset({"T1", "T2"}), c: frozenset()}
    assert load_settings().private_repos == {a, b, c}


def test_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "token").write_text("ghp_hush\n")
    monkeypatch.setenv("GITHUB_TOKEN_FILE", str(tmp_path / "token"))
    settings = load_settings()
    assert settings.secrets == ("ghp_hush",)
    assert "hush" not in repr(settings)


def test_a_secret_s_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GITHUB_TOKEN_FILE", "nowhere/token")
    with pytest.raises(SettingsInvalid, match="nowhere/token: No such file or directory"):
        load_settings()


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (tmp_path / ".env").write_text("DIGEST_TIMEZONE=UTC\nDIGEST_SOURCE=git\nPORT=\n")
    monkeypatch.setenv("DIGEST_TIMEZONE", "Europe/Berlin")
    assert (load_settings().digest_timezone, load_settings().digest_source) == ("Europe/Berlin", "git")
    assert load_settings(digest_timezone="Asia/Tokyo", digest_source=None).digest_timezone == "Asia/Tokyo"


def test_links_lead_to_the_host_of_the_api(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GITHUB_API_URL", "https://github.example.org/api/v3")
    assert load_settings().default_repo.url == "https://github.example.org/ai-dynamo/dynamo"


def test_programs_that_we_start_see_no_secret(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_hush")
    environment = load_settings().inherited_environment
    assert "PATH" in environment
    assert "ghp_hush" not in environment.values()


@pytest.mark.parametrize(
    "address", ["sqlite:////var/lib/digest.db", "postgresql://ada:hush%2F@host/digest?sslmode=require", "postgres:///d"]
)
def test_both_kinds_of_databases_are_taken(address: str):
    assert load_settings(database_url=address).database_url == address


def test_the_password_of_a_database_is_a_secret():
    assert load_settings(database_url="postgresql://ada:hush%2F@host/digest").secrets == ("hush%2F", "hush/")


def test_what_is_forgotten_and_when_can_be_chosen(monkeypatch: pytest.MonkeyPatch):
    year = timedelta(days=400)
    assert load_settings().retention == Retention(deliveries=year, posts=year, model_calls=year, diffs=None)
    monkeypatch.setenv("RETENTION_POSTS_DAYS", "0")
    monkeypatch.setenv("RETENTION_DIFFS_DAYS", "14")
    chosen = load_settings().retention
    assert (chosen.posts, chosen.diffs) == (None, timedelta(days=14))


@pytest.mark.parametrize(
    ("name", "least"),
    [("DELIVERIES", 40), ("POSTS", 1), ("MODEL_CALLS", 2), ("DIFFS", 14)],
    ids=["deliveries", "posts", "calls", "diffs"],
)
def test_what_is_needed_cannot_be_forgotten(monkeypatch: pytest.MonkeyPatch, name: str, least: int):
    monkeypatch.setenv(f"RETENTION_{name}_DAYS", str(least))
    load_settings()
    if least > 1:
        monkeypatch.setenv(f"RETENTION_{name}_DAYS", str(least - 1))
        with pytest.raises(SettingsInvalid, match=f"RETENTION_{name}_DAYS: .*must be at least {least} days, or 0"):
            load_settings()


def test_pages_are_for_everybody_only_of_repositories_that_are_not_private(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ARCHIVE_REPOS", "octo/a, https://github.com/octo/b")
    assert load_settings().archive_repos_of == {Repo(owner="octo", name="a"), Repo(owner="octo", name="b")}
    monkeypatch.setenv("DIGEST_PRIVATE_REPOS", "octo/B@T1")
    with pytest.raises(SettingsInvalid, match="ARCHIVE_REPOS and DIGEST_PRIVATE_REPOS both name octo/B"):
        load_settings()
    monkeypatch.setenv("ARCHIVE_REPOS", "octo")
    with pytest.raises(SettingsInvalid, match=r"ARCHIVE_REPOS: .*is not a repository"):
        load_settings()
