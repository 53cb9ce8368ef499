"""Of lark-oapi, the process loads the client of the long connection alone where that works; the bot loads nothing."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.counterparts.feishu import FakeFeishu
from tests.handlers.feishu_connection.conftest import Receiver, connected, connection, event, logged

#: Seconds for what takes five on an idle machine.
PATIENCE = 120

#: What a release may do that its client alone cannot be loaded any more: need something of its package.
CHANGED = """
import sys

class Changed:
    def find_spec(self, name, path=None, target=None):
        if name == "lark_oapi.ws.connection_config" and not hasattr(sys.modules["lark_oapi"], "__file__"):
            raise ImportError("something of the whole package is needed")

sys.meta_path.insert(0, Changed())
"""
MISSING = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name == "lark_oapi":
            raise ModuleNotFoundError("No module named 'lark_oapi'")

sys.meta_path.insert(0, Missing())
"""
LOADED = """
from handlers.feishu_connection import sdk
sdk.load()
from handlers.feishu_connection.client import Client
import json, sys
print(json.dumps({"alone": "lark_oapi.api" not in sys.modules, "base": Client.__mro__[1].__module__}))
"""
SEAM_GONE = """
from handlers.feishu_connection import sdk
sdk.load()
import lark_oapi.ws.client as ws
del ws.Client._combine
from handlers.feishu_connection.client import Client
try:
    Client("cli_1", "s", base_url="http://127.0.0.1:9", patience=1, ask=None, changed=None, failed=None)
except Exception as error:
    print(f"{type(error).__name__}: {error}")
"""
BOT = """
import asyncio, sys
import bot.app, bot.feishu_app, handlers.feishu
from handlers.feishu_connection.connection import LongConnection

async def main():
    given = {"app_id": "cli_1", "app_secret": "s", "base_url": "http://127.0.0.1:9", "environment": {}}
    async with LongConnection(None, **given) as held:
        while held.pid is None:
            await asyncio.sleep(0.01)
    print([name for name in sys.modules if name.startswith("lark_oapi")])

asyncio.run(main())
"""


def output(code: str, folder: Path | None = None) -> str:
    """What a new Python prints, in which `folder/sitecustomize.py` runs first."""
    environment = dict(os.environ) if folder is None else {**os.environ, "PYTHONPATH": str(folder)}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    return ran.stdout


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    (tmp_path / "sitecustomize.py").write_text(CHANGED)
    return tmp_path


def test_the_client_is_the_one_whose_source_was_read():
    """Another version: read what changed in lark_oapi/ws/client.py, and only then name it here and in client.py."""
    assert version("lark-oapi") == "1.7.5"


def test_the_client_is_loaded_without_the_rest_of_its_package():
    assert json.loads(output(LOADED)) == {"alone": True, "base": "lark_oapi.ws.client"}


def test_the_whole_package_is_loaded_where_the_client_alone_does_not_work(changed: Path):
    assert json.loads(output(LOADED, changed)) == {"alone": False, "base": "lark_oapi.ws.client"}


async def test_the_whole_package_connects_as_well(feishu: FakeFeishu, receiver: Receiver, changed: Path):
    async with connected(feishu, receiver, environment={"PYTHONPATH": str(changed)}):
        ack = await feishu.connections.push(event("e1"))
    assert ack is not None
    assert ack.code == 200


def test_a_client_that_is_built_otherwise_is_refused_by_name():
    expected = "SDKChanged: lark-oapi's ws.Client has no _combine any more; install lark-oapi 1.7.5\n"
    assert output(SEAM_GONE) == expected


async def test_a_bot_without_lark_oapi_says_so(feishu: FakeFeishu, receiver: Receiver, tmp_path: Path, log: list[Any]):
    (tmp_path / "sitecustomize.py").write_text(MISSING)
    async with connection(feishu, receiver, environment={"PYTHONPATH": str(tmp_path)}):
        first, *_ = await logged(log, "feishu.connection_impossible")
    assert first["said"] == "ModuleNotFoundError: No module named 'lark_oapi'"


def test_the_bot_itself_never_loads_lark_oapi():
    assert output(BOT).splitlines()[-1] == "[]"
