"""`dynamo-digest feishu setup`, in front of accounts that confirm, decline, forget and break."""

import asyncio
import base64
import gzip
import json
import os
import pty
import re
import subprocess
import sys
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from bot import env_file as files
from bot.adapters.feishu.manifest import addons, preset
from bot.cli import cli
from bot.settings import load_settings
from tests.counterparts.faults import Answer
from tests.counterparts.feishu import APP_ID, APP_SECRET, FakeFeishu
from tests.counterparts.feishu_registration import PATH

SetUp = Callable[..., Awaitable[Result]]


@pytest.fixture(scope="module", autouse=True)
def sdk() -> None:
    """Loaded once: it takes seconds, and warns of what it does to Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lark_oapi  # noqa: F401


@pytest.fixture(autouse=True)
def impatient(feishu: FakeFeishu) -> None:
    """The SDK waits five seconds more when it is to slow down; below zero it does not wait."""
    feishu.registration.interval = -10


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("FEISHU_APP_ID", "FEISHU_APP_SECRET", "FEISHU_DOMAIN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / ".env"


@pytest.fixture
def set_up(feishu: FakeFeishu, env_file: Path) -> SetUp:
    """Runs the command in an event loop of its own, as it is run."""

    async def set_up(*arguments: str, code: int = 0) -> Result:
        command = ["feishu", "setup", "--accounts-url", feishu.url, *arguments]
        done = await asyncio.to_thread(CliRunner().invoke, cli, command)
        assert done.exit_code == code, done.output
        assert APP_SECRET not in done.output + done.stderr
        return done

    return set_up


async def test_who_confirms_has_a_bot_that_can_be_started(feishu: FakeFeishu, set_up: SetUp, env_file: Path):
    feishu.registration.errors = ["authorization_pending", "slow_down", "authorization_pending"]
    feishu.registration.scan()
    done = await set_up()
    settings = load_settings()
    assert (settings.feishu_app_id, settings.feishu_domain) == (APP_ID, "feishu")
    assert settings.feishu_app_secret == SecretStr(APP_SECRET)
    assert env_file.stat().st_mode & 0o777 == 0o600
    assert done.stderr.splitlines() == [
        "Waiting until somebody confirms it …",
        "Asked to slow down, so still waiting, but asking every -5 seconds …",
        "Waiting until somebody confirms it …",
    ]
    assert f"Created {APP_ID}." in done.stdout
    assert "dynamo-digest doctor" in done.stdout


async def test_the_link_asks_for_what_the_manifest_has(feishu: FakeFeishu, set_up: SetUp):
    feishu.registration.scan()
    shown = (await set_up()).stdout
    (link,) = re.findall(rf"^{feishu.url}\S+$", shown, re.MULTILINE)
    asked = {name: value for name, (value,) in parse_qs(urlsplit(link).query).items()}
    packed = base64.urlsafe_b64decode(asked.pop("addons") + "===")
    assert json.loads(gzip.decompress(packed)) == addons()
    assert asked.pop("user_code")
    assert asked == {
        **preset(),
        "from": "sdk",
        "tp": "sdk",
        "source": "python-sdk/dynamo-digest",
        "createOnly": "true",
    }
    assert "It is good for 10 minutes." in shown


async def test_where_there_is_no_terminal_there_is_no_picture(feishu: FakeFeishu, set_up: SetUp):
    feishu.registration.scan()
    assert not set("▀▄█\x1b") & set((await set_up()).output)


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        (["authorization_pending", "access_denied"], "Whoever opened the link declined, so no app was created."),
        (["expired_token"], "Nobody confirmed in time, so the link has expired and no app was created."),
        (["too \x1b[2Jmany"], "No app was created: too [2Jmany. README.md has the ten steps"),
    ],
)
async def test_what_ends_without_an_app_says_why(
    feishu: FakeFeishu, set_up: SetUp, env_file: Path, errors: list[str], said: str
):
    feishu.registration.errors = errors
    done = await set_up(code=1)
    assert said in done.stderr
    assert "\x1b" not in done.stderr
    assert not env_file.exists()


@pytest.mark.parametrize(
    "answer",
    [{"supported_auth_methods": ["private_key"]}, "<html>not found</html>", [], {"supported_auth_methods": 1}],
    ids=["another way", "a page", "a list", "a number"],
)
async def test_a_platform_that_does_not_offer_it_leads_to_the_ten_steps(
    feishu: FakeFeishu, set_up: SetUp, answer: object
):
    feishu.fail(PATH, Answer(status=404, body=answer))
    said = (await set_up(code=1)).stderr
    assert said.endswith('README.md has the ten steps that create it by hand, under "Feishu and Lark".\n')
    assert "Traceback" not in said


async def test_accounts_that_cannot_be_reached_leave_it_open_whether_there_is_an_app(set_up: SetUp):
    said = (await set_up("--accounts-url", "http://127.0.0.1:9", code=1)).stderr
    assert "it is not known whether an app was created. If you have confirmed it, it is at https://open.feishu" in said


@pytest.mark.parametrize(("arguments", "brand"), [((), "lark"), (("--lark",), "lark"), (("--lark",), "feishu")])
async def test_the_bot_is_told_on_which_platform_the_app_is(
    feishu: FakeFeishu, set_up: SetUp, env_file: Path, arguments: tuple[str, ...], brand: str
):
    """Whatever was asked for: what counts is where whoever confirmed has an account."""
    feishu.registration.scan(brand=brand)
    await set_up(*arguments)
    assert load_settings().feishu_domain == brand


async def test_everything_else_in_the_file_stays(feishu: FakeFeishu, set_up: SetUp, env_file: Path):
    env_file.write_text(
        "# ours\nSLACK_BOT_TOKEN='xoxb # 1'\n\n# Feishu\nFEISHU_APP_ID=\n# FEISHU_APP_SECRET=\n"
        "export DIGEST_LANGUAGE=zh # 中文"
    )
    env_file.chmod(0o644)
    feishu.registration.scan()
    await set_up()
    assert env_file.read_text() == (
        f"# ours\nSLACK_BOT_TOKEN='xoxb # 1'\n\n# Feishu\nFEISHU_APP_ID={APP_ID}\n# FEISHU_APP_SECRET=\n"
        f"export DIGEST_LANGUAGE=zh # 中文\nFEISHU_APP_SECRET={APP_SECRET}\nFEISHU_DOMAIN=feishu\n"
    )
    assert env_file.stat().st_mode & 0o777 == 0o600


async def test_a_proxy_s_address_stays(feishu: FakeFeishu, set_up: SetUp, env_file: Path):
    env_file.write_text("FEISHU_DOMAIN=https://feishu.example.org\n")
    feishu.registration.scan()
    await set_up()
    assert load_settings().feishu_domain == "https://feishu.example.org"


async def test_an_app_that_is_there_is_kept_unless_it_is_said_otherwise(
    feishu: FakeFeishu, set_up: SetUp, env_file: Path
):
    env_file.write_text("FEISHU_APP_ID=cli_old\nFEISHU_APP_SECRET=oldhush\nFEISHU_ENCRYPT_KEY=key\n")
    said = await set_up(code=2)
    assert "has a Feishu app already (cli_old)" in said.stderr
    assert "dynamo-digest feishu setup --force" in said.stderr
    assert "oldhush" not in said.output
    assert feishu.calls == []
    assert "FEISHU_APP_ID=cli_old" in env_file.read_text()
    feishu.registration.scan()
    done = await set_up("--force")
    assert "FEISHU_ENCRYPT_KEY is still set" in done.stderr
    assert "oldhush" not in env_file.read_text()


async def test_a_file_that_cannot_be_written_is_told_before_there_is_an_app(
    feishu: FakeFeishu, set_up: SetUp, tmp_path: Path
):
    said = (await set_up("--env-file", str(tmp_path / "nowhere" / ".env"), code=1)).stderr
    assert "nowhere/.env cannot be written: No such file or directory." in said
    assert feishu.calls == []


async def test_a_secret_that_could_not_be_written_is_not_lost(
    feishu: FakeFeishu, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
):
    def full(path: Path, values: object) -> None:
        raise files.FileUnwritable(f"{path} cannot be written: No space left on device.")

    monkeypatch.setattr(files, "write", full)
    feishu.registration.scan()
    said = (await set_up(code=1)).stderr
    assert f"its secret is at https://open.feishu.cn/app/{APP_ID}." in said


async def test_on_a_terminal_there_is_a_code_to_scan_and_a_question_before_an_app_is_replaced(
    feishu: FakeFeishu, env_file: Path
):
    env_file.write_text("FEISHU_APP_ID=cli_old\nFEISHU_APP_SECRET=oldhush\n")
    feishu.registration.scan()
    shown = await asyncio.to_thread(on_terminal, feishu, columns=120, typed="y\n", folder=env_file.parent)
    assert "has a Feishu app already (cli_old). Put a new one in its place? [y/N]" in shown
    assert "▀" in shown
    assert "Scan this with Feishu or Lark" in shown
    assert "oldhush" not in shown
    assert APP_SECRET not in shown
    assert f"FEISHU_APP_SECRET={APP_SECRET}" in env_file.read_text()


async def test_a_terminal_that_is_too_narrow_for_the_code_gets_the_link(feishu: FakeFeishu, env_file: Path):
    feishu.registration.scan()
    shown = await asyncio.to_thread(on_terminal, feishu, columns=60, folder=env_file.parent)
    assert re.search(r"A QR code needs \d+ columns here, and there are 60\.", shown)
    assert "▀" not in shown


def on_terminal(feishu: FakeFeishu, *, columns: int, folder: Path, typed: str = "") -> str:
    """What the command, as a process of its own, writes to a terminal of that width."""
    command = [Path(sys.executable).with_name("dynamo-digest"), "feishu", "setup", "--accounts-url", feishu.url]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "COLUMNS": str(columns)}
    ours, its = pty.openpty()
    child = subprocess.Popen(command, cwd=folder, env=environment, stdin=its, stdout=its, stderr=its)
    os.close(its)
    os.write(ours, typed.encode())
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # Linux says so when the terminal's last user has gone
        pass
    os.close(ours)
    assert child.wait() == 0, shown.decode()
    return shown.decode()
