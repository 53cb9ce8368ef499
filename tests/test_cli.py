"""The command as people run it: a process of its own, over a real history."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.counterparts import node
from tests.counterparts.histories import History
from tests.sample_day import COMMITS, build

COMMAND = Path(sys.executable).with_name("dynamo-digest")
DYNAMO = ("ai-dynamo/dynamo", "--timezone", "Asia/Shanghai", "--repo", "ai-dynamo/dynamo")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    return build(tmp_path_factory.mktemp("sample") / "dynamo")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the command in an empty folder with an empty home."""

    def run(*arguments: str | Path, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        home = {
            "HOME": str(tmp_path),
            "XDG_DATA_HOME": str(tmp_path / "data"),
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
        }
        done = subprocess.run(
            [COMMAND, *arguments],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **home, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done

    return run


def test_a_report_lists_exactly_the_commits_of_the_day_in_order_with_their_local_times(run: Run, history: History):
    report = run("report", "2026-01-21", *DYNAMO, "--git-dir", history.path).stdout
    rows = re.findall(r"^\| (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) \| (.*?) \| (.*?) \| ", report, re.MULTILINE)
    assert [(time, author, subject.replace("\\", "")) for time, author, subject in rows] == [
        (facts["local_time"], facts["author_name"], facts["subject"]) for facts in COMMITS
    ]


def test_every_link_of_a_report_s_contents_leads_to_a_heading_as_github_names_it(
    run: Run, history: History, node_modules: None
):
    report = run("report", "2026-01-21", *DYNAMO, "--git-dir", history.path).stdout
    links = re.findall(r"\]\(#([^)]+)\)", report)
    headings = [line.lstrip("#").strip() for line in report.splitlines() if re.match(r"#{1,6} ", line)]
    slugs = _slugs([re.sub(r"\\(.)", r"\1", heading) for heading in headings])
    assert len(links) >= 12
    assert [link for link in links if slugs.count(link) != 1] == []


def _slugs(headings: list[str]) -> list[str]:
    """As github-slugger, by other people, makes them."""
    script = (
        "import GithubSlugger from 'github-slugger';"
        "const slugger = new GithubSlugger();"
        "const headings = JSON.parse(process.argv[1]);"
        "console.log(JSON.stringify(headings.map((heading) => slugger.slug(heading))));"
    )
    arguments = [node.binary(), "--input-type=module", "--eval", script, json.dumps(headings)]
    return json.loads(subprocess.run(arguments, cwd=node.HERE, capture_output=True, check=True, text=True).stdout)


@pytest.mark.parametrize(("zone", "commits"), [("UTC", 11), ("Asia/Shanghai", 12), ("America/New_York", 15)])
def test_the_same_date_has_other_commits_in_another_zone(run: Run, history: History, zone: str, commits: int):
    arguments = ("show", "2026-01-21", "ai-dynamo/dynamo", "--repo", "ai-dynamo/dynamo", "--timezone", zone)
    shown = run(*arguments, "--git-dir", history.path, "--json").stdout
    digest = json.loads(shown)["digest"]
    assert (len(digest["entries"]), digest["day"]) == (commits, {"date": "2026-01-21", "zone": zone})


def test_a_commit_that_was_shown_can_be_opened(run: Run, history: History):
    shown = json.loads(run("show", "2026-01-21", *DYNAMO, "--git-dir", history.path, "--json").stdout)
    sha = shown["digest"]["entries"][0]["commit"]["sha"]
    opened = run("commit", sha[:7], *DYNAMO, "--git-dir", history.path).stdout
    assert "update attributions for vllm cuda13 container" in opened.lower()
    assert sha[:7] in opened


def test_the_report_comes_in_the_language_asked_for(run: Run, history: History):
    asked = run("report", "2026-01-21", *DYNAMO, "--git-dir", history.path, "--language", "zh").stdout
    configured = run("report", "2026-01-21", *DYNAMO, "--git-dir", history.path, DIGEST_LANGUAGE="zh").stdout
    assert asked == configured
    assert all(words in asked for words in ("统计摘要", "目录", "重要度变更", "变更摘要", "影响范围", "12 个提交"))
    assert "未使用 AI 模型" in asked
    refused = run("show", "2026-02-30", *DYNAMO, "--git-dir", history.path, "--language", "zh", code=2).stderr
    assert "日历上没有 2026-02-30 这一天。" in refused


def test_what_a_terminal_is_subscribed_to_is_listed_until_it_ends(run: Run, history: History):
    options = ("--git-dir", history.path, "--repo", "ai-dynamo/dynamo")
    assert "every day at 18:30 (Europe/Berlin)" in " ".join(
        run("subscribe", "ai-dynamo/dynamo", "at", "18:30", "tz", "Europe/Berlin", *options).stdout.split()
    )
    assert "ai-dynamo/dynamo" in run("list", *options).stdout
    assert "no more digests of ai-dynamo/dynamo" in run("unsubscribe", "all", *options).stdout
    assert "18:30" not in run("list", *options).stdout


def test_without_any_account_the_newest_day_is_shown_reported_and_gone_on_from(
    run: Run, history: History, tmp_path: Path
):
    first = run("run", "--git-dir", history.path, DIGEST_TIMEZONE="Asia/Shanghai").stdout
    assert "local/dynamo" in first
    assert "2026-01-22 (Asia/Shanghai)" in first
    assert all(name in first for name in ("OPENAI_API_KEY", "SLACK_BOT_TOKEN", "GITHUB_TOKEN"))
    (report,) = (tmp_path / "reports").glob("*.md")
    assert report.name in first
    assert "warmup dataset for planner load predictor" in report.read_text().lower()


def test_an_empty_repository_is_told_so(run: Run, tmp_path: Path):
    empty = History.start(tmp_path / "empty")
    assert "local/empty has no commits" in run("run", "--git-dir", empty.path, code=1).stderr
    assert "no commits at all yet" in run("show", "--git-dir", empty.path).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("show", "2026-02-30"), 2, "There is no day 2026-02-30 in the calendar."),
        (("show", "2999-01-01"), 2, "has not begun"),
        (("show", "yesterday", "not-a-repository"), 2, "is neither a day nor a command"),
        (("show", "--timezone", "Mars/Base"), 2, "“Mars/Base” is not a time zone"),
        (("commit", "zzz"), 2, "Name one commit by 4 to 40 digits of its SHA."),
        (("subscribe", "octo/hello", "at", "25:00"), 2, "Try: dynamo-digest subscribe "),
        (("subscribe", "acme/*", "not", "tmp"), 1, "Which repositories acme has can be found out from GitHub only"),
        (("subscribe", "*/*"), 2, "Try: dynamo-digest subscribe ai-dynamo/*"),
        (("unsubscribe", "acme/**"), 2, "Try: dynamo-digest subscribe acme/*"),
        (("subscribe", "--channel", "C1"), 2, "--channel needs SLACK_BOT_TOKEN"),
        (("subscribe", "--channel", "oc_1"), 2, "--channel needs FEISHU_APP_ID"),
        (("subscribe", "--channel", "feishu-webhook"), 2, "--channel needs FEISHU_WEBHOOK_URL"),
        (("show", "2019-01-01"), 0, "began later: its first commit is of 2026-01-20"),
        (("show", "--no-such-option"), 2, "No such option"),
    ],
)
def test_what_cannot_be_done_is_told_with_an_exit_code(
    run: Run, history: History, arguments: tuple[str, ...], code: int, sentence: str
):
    done = run(*arguments, "--git-dir", history.path, code=code)
    assert sentence in " ".join((done.stdout + done.stderr).split())
    assert "Traceback" not in done.stderr


def test_a_host_that_is_not_there_is_an_error_and_no_quiet_day(run: Run):
    done = run("show", "yesterday", "octo/hello", code=1, DIGEST_SOURCE="git", GIT_URL="http://127.0.0.1:9")
    assert "could not be reached" in done.stderr
    assert done.stdout == ""


def test_the_doctor_says_what_is_in_order_and_what_is_not(run: Run, history: History):
    healthy = run("doctor", "--git-dir", history.path).stdout
    assert [line[0] for line in healthy.splitlines()] == ["✓"] * 5
    ill = run("doctor", code=1, DIGEST_SOURCE="git", GIT_URL="http://127.0.0.1:9")
    assert "✗ commits:" in ill.stdout
    assert "Not in order: commits." in ill.stderr


def test_help_imports_nothing_heavy():
    script = (
        "import sys; from bot.cli import cli; cli.main(['--help'], standalone_mode=False);"
        "heavy = {'openai', 'github', 'slack_bolt', 'lark_oapi', 'httpx', 'sqlalchemy', 'pydantic', 'rich'};"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
