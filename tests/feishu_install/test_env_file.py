"""Writing into a file such as .env."""

from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from bot import env_file


@pytest.mark.parametrize("value", ["cli_a1", "https://host:1/a-b.c", "", "a b", "it's", '"#$HOME', "a\\\nB=c", "中文"])
def test_what_is_written_is_what_is_read(tmp_path: Path, value: str):
    file = tmp_path / ".env"
    file.write_text("A=1\nC=3")
    env_file.write(file, {"B": value, "A": value})
    assert dotenv_values(file, interpolate=False) == {"A": value, "C": "3", "B": value}


@given(value=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=40))
def test_no_value_becomes_another_setting(tmp_path_factory: pytest.TempPathFactory, value: str):
    file = tmp_path_factory.mktemp("env") / ".env"
    env_file.write(file, {"A": value})
    assert dotenv_values(file, interpolate=False) == {"A": value}


def test_what_docker_reads_too_stands_without_quotes(tmp_path: Path):
    env_file.write(tmp_path / ".env", {"FEISHU_APP_ID": "cli_a1"})
    assert (tmp_path / ".env").read_text() == "FEISHU_APP_ID=cli_a1\n"


def test_a_file_that_is_a_link_stays_one(tmp_path: Path):
    (tmp_path / "secrets").write_text("A=1\n")
    (tmp_path / ".env").symlink_to(tmp_path / "secrets")
    env_file.check(tmp_path / ".env")
    env_file.write(tmp_path / ".env", {"A": "2"})
    assert (tmp_path / ".env").is_symlink()
    assert (tmp_path / "secrets").read_text() == "A=2\n"
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o600


def test_what_is_empty_is_not_set(tmp_path: Path):
    (tmp_path / ".env").write_text("A=\nB\nC=3\n")
    assert env_file.read(tmp_path / ".env") == {"C": "3"}
    assert env_file.read(tmp_path / "nowhere") == {}


def test_what_is_no_file_of_text_is_said(tmp_path: Path):
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    with pytest.raises(env_file.FileUnwritable, match="it is not text"):
        env_file.read(tmp_path / ".env")
