"""What a commit does not bear out is dropped, and what it does is kept."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.evidence import FaultKind, Verifier, sentences, verify_lead
from bot.core.evidence.mentions import MentionKind, mentions
from bot.core.model import (
    Advice,
    AdviceKind,
    Analysis,
    CommitDiff,
    Evidence,
    FileStatus,
    Insight,
    Repo,
    Risk,
    ScopeItem,
    Statement,
)
from tests.understanding import adversary, changes
from tests.understanding.adversary import Claim
from tests.understanding.commits import REPO, anything, changed, commits, diff

PATCH = """@@ -10,3 +10,5 @@ class WorkerPool:
     def start(self):
-        self.timeout = 30
+        self.timeout = 300
+        self.mask = (1 << 53) - 1
+        raise TimeoutError(self.request_id)
     # see #77 and deadbee5 for cuda13, 0.25 of it
@@ -90,2 +92,2 @@ def load_weights(path):
-    opts = {"max-size": 1_024, 'mode': "fast"}
+    opts = {"max-size": 2_048, 'mode': "slow"}
     run("--tp-size", "/v1/models", v="1.2.3rc2")
"""
CHANGE = diff(
    "fix(pool): wait longer for workers (#5471)\n\nFollows 0badf00d.",
    {"lib/pool/worker_pool.py": PATCH, "docs/pool.md": "@@ -1 +1 @@\n-old\n+`POOL_SIZE` is read"},
    changed("lib/pool/new.rs", 7, 0, FileStatus.ADDED),
)


def verifier(tree: tuple[str, ...] = ()) -> Verifier:
    return Verifier.of(REPO, CHANGE, tree=tree)


def claimed(*statements: Statement) -> Analysis:
    return adversary.analysis(CHANGE, [Claim(kind="", statement=statement) for statement in statements])


def faults(text: str, change: CommitDiff = CHANGE) -> list[tuple[FaultKind, str]]:
    verified = Verifier.of(REPO, change).verify(claimed(Statement(text=text)))
    assert bool(verified.faults) != bool(verified.analysis.summary)
    return [(fault.kind, fault.text) for fault in verified.faults]


@pytest.mark.parametrize(
    "text",
    [
        "`WorkerPool` waits longer in `lib/pool/worker_pool.py`.",
        "WorkerPool's timeout is now 300, see pool/worker_pool.py.",
        "worker_pool.py raises TimeoutErrors when a worker is late.",
        "Changes `self.timeout` from 30 to 300.",
        "把WorkerPool的超时从30改成３００，见worker_pool.py。",
        "掩码小于 2⁵³（即 2^53）。",
        "It passes --tp-size, `--tp-size` and `max-size`.",
        "`max-size: 2048` replaces 1,024.",
        "`mode=slow` is set by load_weights().",
        "`load_weights(path)` and `WorkerPool.start` change in lib/pool/ and in docs.",
        "It came as #5471 (PR 5471) and names #77.",
        "Follows 0badf00d and `deadbee5`; the commit is 0123456789ab, its parent ffffffff… as `fffffff`.",
        "Files below `lib/pool/*` and `lib/…/worker_pool.py` change.",
        "Adds 1 file, 7 lines to new.rs, in 3 files; 新增 1 个文件。",
        "GitHub, vLLM, PyTorch-based tools and gRPC over HTTP/2 keep UTF-8 and IPv6.",
        "The route /v1/models stays, with cuda13, i.e. e.g. nothing else.",
        "A quarter (25%) of it, and version v1.2.3rc2, at worker_pool.py:12 and line 93.",
        "It waits 5 minutes, in a 53-bit space.",
        "It matters to clients and/or operators of the request/response loop.",
        "Environment variable POOL_SIZE is read.",
        f"See {REPO.url}/pull/5471 of the same repository.",
        "One of two workers, the 2nd, is asked three times.",
    ],
)  # fmt: skip
def test_what_the_commit_says_is_kept(text: str) -> None:
    assert faults(text) == []


@pytest.mark.parametrize(
    ("text", "kind", "lie"),
    [
        ("See lib/pool/ghost.py.", FaultKind.PATH, "lib/pool/ghost.py"),
        ("See `lib/ghost`.", FaultKind.PATH, "lib/ghost"),
        ("逻辑在lib/ghost里。", FaultKind.PATH, "lib/ghost"),
        ("See ghost.yaml.", FaultKind.PATH, "ghost.yaml"),
        ("Files in lib/ghost/* change.", FaultKind.PATH, "lib/ghost/*"),
        ("`GhostPool` waits.", FaultKind.IDENTIFIER, "GhostPool"),
        ("GhostPool waits.", FaultKind.IDENTIFIER, "GhostPool"),
        ("把GhostPool改成异步。", FaultKind.IDENTIFIER, "GhostPool"),
        ("It calls load_weight_files().", FaultKind.IDENTIFIER, "load_weight_files"),
        ("`worker_po` waits.", FaultKind.IDENTIFIER, "worker_po"),
        ("`workerpool` waits.", FaultKind.IDENTIFIER, "workerpool"),
        ("`WorkerPool.stop` waits.", FaultKind.IDENTIFIER, "WorkerPool.stop"),
        ("crate::ghost::Pool waits.", FaultKind.IDENTIFIER, "crate::ghost::Pool"),
        ("Pass --ghost.", FaultKind.IDENTIFIER, "--ghost"),
        ("Set GHOST_HOME.", FaultKind.IDENTIFIER, "GHOST_HOME"),
        ("`timeout=53` is set.", FaultKind.IDENTIFIER, "timeout=53"),
        ("Built for cuda14.", FaultKind.IDENTIFIER, "cuda14"),
        ("It waits 31 s.", FaultKind.NUMBER, "31"),
        ("Changes the timeout from 300 to 30.", FaultKind.NUMBER, "300"),
        ("等待３１秒。", FaultKind.NUMBER, "31"),
        ("小于 2²⁵³。", FaultKind.NUMBER, "2^253"),
        ("It is 30% faster.", FaultKind.NUMBER, "30"),
        ("It is 3x faster.", FaultKind.NUMBER, "3"),
        ("It keeps 30k of them.", FaultKind.NUMBER, "30"),
        ("Adds 5 files.", FaultKind.NUMBER, "5"),
        ("删除 300 行。", FaultKind.NUMBER, "300"),
        ("In all +300 −30.", FaultKind.NUMBER, "300"),
        ("It needs 1.2.4.", FaultKind.NUMBER, "1.2.4"),
        ("It raises at worker_pool.py:4000.", FaultKind.NUMBER, "4000"),
        ("It raises at line 4000.", FaultKind.NUMBER, "4000"),
        ("On 2019-03-04 it broke.", FaultKind.NUMBER, "2019-03-04"),
        ("Reverts #78.", FaultKind.PULL_REQUEST, "78"),
        ("参见 PR 5472。", FaultKind.PULL_REQUEST, "5472"),
        ("Follows 1badf00d.", FaultKind.SHA, "1badf00d"),
        ("撤销提交abcdefab。", FaultKind.SHA, "abcdefab"),
        ("See https://evil.example/x.", FaultKind.LINK, "https://evil.example/x"),
        (f"See {REPO.url}/pull/1.", FaultKind.LINK, f"{REPO.url}/pull/1"),
        ("See `www.evil.example`.", FaultKind.IDENTIFIER, "www.evil.example"),
    ],
)  # fmt: skip
def test_what_the_commit_does_not_say_is_a_fault(text: str, kind: FaultKind, lie: str) -> None:
    found = faults(text)
    assert (kind, lie) in found


def test_a_fault_is_a_sentence_for_whoever_repairs_it() -> None:
    (fault,) = verifier().verify(claimed(Statement(text="Fine."), Statement(text="See ghost.py."))).faults
    assert str(fault) == "summary 2: “ghost.py”: no such path in the commit."


# The whole of it


def test_no_lie_about_forty_commits_survives_and_the_truth_does() -> None:
    made = kept = survived = 0
    all_commits = list(changes.commits())
    assert len(all_commits) >= 40
    for change in all_commits:
        asked = Verifier.of(REPO, change)
        truths, lies = list(adversary.truths(change)), list(adversary.lies(change))
        true = asked.verify(adversary.analysis(change, truths)).analysis.provenance
        false = asked.verify(adversary.analysis(change, lies)).analysis
        made, kept = made + true.statements_made, kept + true.statements_kept
        survived += len(false.summary)
        assert lies
    assert survived == 0
    assert kept >= 0.95 * made > 1_000


def test_a_lie_survives_nowhere_in_an_analysis() -> None:
    change = next(changes.commits())
    asked = Verifier.of(REPO, change)
    for lie in adversary.lies(change):
        if lie.kind == "evidence nowhere":
            continue
        kept = asked.verify(adversary.everywhere(change, lie)).analysis
        assert lie.statement.text not in (kept.headline, kept.rating.reason)
        assert (kept.summary, kept.scope, kept.insight, kept.risks) == ((), (), Insight(), ())
        assert (kept.provenance.statements_made, kept.provenance.statements_kept) == (7, 0)
        referring = {"pull", "SHA", "path", "line", "link"}
        if lie.kind.split(":")[0].split(" ")[0] in referring:
            assert kept.advice == ()


def test_the_truth_stands_everywhere_in_an_analysis() -> None:
    change = next(changes.commits())
    asked = Verifier.of(REPO, change)
    for truth in adversary.truths(change):
        told = adversary.everywhere(change, truth)
        verified = asked.verify(told)
        assert verified.faults == ()
        assert replace(verified.analysis, provenance=told.provenance) == told


# Evidence


def where(statement: Statement) -> tuple[Evidence, ...] | None:
    kept = verifier().verify(claimed(statement)).analysis.summary
    return kept[0].evidence if kept else None


@pytest.mark.parametrize(
    ("path", "hunk", "kept"),
    [
        ("lib/pool/worker_pool.py", 1, Evidence(path="lib/pool/worker_pool.py", hunk=1)),
        ("lib/pool/worker_pool.py", 9, Evidence(path="lib/pool/worker_pool.py", hunk=2)),
        ("lib/pool/worker_pool.py", None, Evidence(path="lib/pool/worker_pool.py")),
        ("b/lib/pool/worker_pool.py", 2, Evidence(path="lib/pool/worker_pool.py", hunk=2)),
        ("worker_pool.py", 2, Evidence(path="lib/pool/worker_pool.py", hunk=2)),
        ("./docs/pool.md", 4, Evidence(path="docs/pool.md")),
        ("lib/pool/new.rs", 1, Evidence(path="lib/pool/new.rs")),
    ],
)
def test_evidence_is_put_right(path: str, hunk: int | None, kept: Evidence) -> None:
    text = "`load_weights` reads other options." if hunk != 1 else "`TimeoutError` is raised."
    assert where(Statement(text=text, evidence=(Evidence(path=path, hunk=hunk),))) == (kept,)


def test_the_wrong_one_of_two_hunks_is_put_right() -> None:
    evidence = (Evidence(path="lib/pool/worker_pool.py", hunk=1),)
    kept = where(Statement(text="`load_weights` reads other options.", evidence=evidence))
    assert kept == (Evidence(path="lib/pool/worker_pool.py", hunk=2),)


def test_evidence_in_a_file_that_did_not_change_is_dropped_and_told() -> None:
    told = Statement(text="`WorkerPool` waits.", evidence=(Evidence(path="ghost.py"), Evidence(path="docs/pool.md")))
    verified = verifier().verify(claimed(told))
    assert verified.analysis.summary == (replace(told, evidence=(Evidence(path="docs/pool.md"),)),)
    assert [(fault.kind, fault.text) for fault in verified.faults] == [(FaultKind.EVIDENCE, "ghost.py")]


def test_a_statement_that_names_nothing_and_points_nowhere_is_dropped() -> None:
    assert where(Statement(text="All is well.", evidence=(Evidence(path="ghost.py"),))) is None
    assert where(Statement(text="All is well.")) == ()


def test_former_names_of_files_are_known_and_lead_to_the_new_ones() -> None:
    moved = replace(changed("new/name.py", 0, 0, FileStatus.RENAMED), previous_path="old/name_before.py")
    change = diff("refactor: move", {}, moved)
    told = Statement(text="old/name_before.py is now new/name.py.", evidence=(Evidence(path="old/name_before.py"),))
    verified = Verifier.of(REPO, change).verify(claimed(told))
    assert verified.analysis.summary[0].evidence == (Evidence(path="new/name.py"),)


# The tree, the scope, what falls back, what proposes


def test_the_tree_is_asked_for_only_where_a_path_is_found_nowhere_else() -> None:
    told = claimed(Statement(text="`lib/other/engine.py` uses lib/pool/worker_pool.py and GhostPool."))
    assert verifier().unsupported_paths(told) == {"lib/other/engine.py"}
    assert verifier(("lib/other/engine.py",)).unsupported_paths(told) == frozenset()


def test_the_tree_bears_out_paths_and_the_names_in_them() -> None:
    told = claimed(Statement(text="`lib/other/kv_engine.rs` is kv_engine, below lib/other."))
    assert not verifier().verify(told).analysis.summary
    asked = verifier().with_tree(["lib/other/kv_engine.rs"])
    assert asked.verify(told).faults == ()


@pytest.mark.parametrize("name", ["worker pool", "WorkerPool", "lib/pool/", "Users", "文档", "Docs and tests"])
def test_a_scope_names_what_the_commit_knows(name: str) -> None:
    told = replace(claimed(), scope=(ScopeItem(name=name, effect="It waits."),))
    assert verifier().verify(told).analysis.scope == told.scope


@pytest.mark.parametrize("name", ["Billing", "lib/ghost", "ghost.py", "GhostPool"])
def test_a_scope_that_the_commit_does_not_know_is_dropped(name: str) -> None:
    told = replace(claimed(), scope=(ScopeItem(name=name, effect="It waits."),))
    assert verifier().verify(told).analysis.scope == ()


def test_a_false_headline_and_a_false_reason_become_those_of_the_rules() -> None:
    told = claimed()
    told = replace(told, headline="Add GhostPool", rating=replace(told.rating, reason="ghost.py changes"))
    kept = verifier().verify(told).analysis
    assert kept.headline == "Wait longer for workers"
    assert "ghost" not in kept.rating.reason
    assert kept.rating.reason


def test_a_risk_falls_with_its_consequence() -> None:
    stands = Risk(
        risk=Statement(text="`WorkerPool` may starve."), consequence="It waits 300 s.", mitigation="Set 10 s."
    )
    falls = replace(stands, consequence="It waits 301 s.")
    verified = verifier().verify(replace(claimed(), risks=(falls, stands)))
    assert verified.analysis.risks == (stands,)
    assert verified.analysis.provenance.statements_made == 2
    assert verified.analysis.provenance.statements_kept == 1


def test_advice_may_propose_names_and_numbers_and_says_which_names_are_proposals() -> None:
    advice = Advice(kind=AdviceKind.MONITOR, text="Add `pool_wait_seconds` beside WorkerPool; alert above 95%.")
    (kept,) = verifier().verify(replace(claimed(), advice=(advice,))).analysis.advice
    assert kept == replace(advice, proposes=("pool_wait_seconds",))


@pytest.mark.parametrize("text", ["Read ghost.py.", "See #1.", "Compare with abc1234.", "See https://evil.example."])
def test_advice_may_not_make_up_where_to_look(text: str) -> None:
    advice = Advice(kind=AdviceKind.CHECK, text=text)
    verified = verifier().verify(replace(claimed(), advice=(advice,)))
    assert verified.analysis.advice == ()
    assert verified.faults[0].where == "advice 1"


def test_a_repository_without_host_has_no_links_of_its_own() -> None:
    local = Verifier.of(Repo(owner="octo", name="hello", host=""), CHANGE)
    assert local.verify(claimed(Statement(text="See https://github.com/octo/hello."))).faults


# Leads

HEADLINES = (
    "Bound how long `WorkerPool` waits for workers",
    "Support IPv6 in the bootstrap host of SGLang (#5521)",
    "Stream only new tokens from the decode handler",
)


@pytest.mark.parametrize(
    "lead",
    [
        "Waiting is bounded now: WorkerPool gives up on slow workers. Streaming from the decode handler got leaner.",
        "Today's changes bound waiting for workers and let the bootstrap host use IPv6.",
        "这一天的重点是让 WorkerPool 的等待有界，并让 SGLang 支持 IPv6。",
    ],
)
def test_a_lead_about_the_kept_headlines_stands(lead: str) -> None:
    assert verify_lead(lead, headlines=HEADLINES) == ()


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("GhostPool waits for workers.", FaultKind.IDENTIFIER),
        ("The bootstrap host in ghost.py changes.", FaultKind.PATH),
        ("The bootstrap host waits 30 seconds for tokens.", FaultKind.NUMBER),
        ("The bootstrap host came with #5522.", FaultKind.PULL_REQUEST),
        ("The bootstrap host came with abc1234.", FaultKind.SHA),
        ("The bootstrap host is at https://github.com/octo/hello.", FaultKind.LINK),
        ("Three commits bound waiting for workers.", FaultKind.NUMBER),
        ("共有三个提交支持 SGLang。", FaultKind.NUMBER),
        ("Waiting for workers moves to Kubernetes.", FaultKind.IDENTIFIER),
        ("Billing customers receive invoices through another payment provider.", FaultKind.EVIDENCE),
    ],
)
def test_a_lead_that_names_what_is_absent_counts_or_links_is_told(sentence: str, kind: FaultKind) -> None:
    found = verify_lead(f"Streaming tokens from the decode handler got leaner. {sentence}", headlines=HEADLINES)
    assert kind in {fault.kind for fault in found}
    assert {fault.where for fault in found} == {sentence}


def test_a_lead_is_divided_into_sentences_in_both_languages() -> None:
    assert sentences("One. Two v1.2 here! 三。四？") == ["One.", "Two v1.2 here!", "三。", "四？"]


# Robustness

_HOSTILE = [
    "_",
    "`",
    "1",
    "a",
    "/",
    ".",
    "-",
    "::",
    "`_",
    "a.",
    "1,",
    "+1 -",
    "a/",
    "/*",
    "#1",
    "(",
    "\u2075",
    "…",
    "$^",
    "from 1",
]


@pytest.mark.parametrize("piece", _HOSTILE)
def test_hostile_text_names_no_more_than_it_has_characters(piece: str) -> None:
    found = [len(mentions(piece * (size // len(piece)))) for size in (5_000, 10_000, 20_000)]
    assert found[0] <= 5_000
    assert found[2] <= 4 * found[0] + 8


@settings(max_examples=60, deadline=None)
@given(st.one_of(anything, st.lists(st.sampled_from([*_HOSTILE, "foo", " ", "行", "🙂"]), max_size=200).map("".join)))
def test_any_text_can_be_verified(text: str) -> None:
    verified = verifier().verify(claimed(Statement(text=text, evidence=(Evidence(path=text, hunk=3),))))
    assert len(verified.analysis.summary) <= 1
    assert all(str(fault) for fault in verified.faults)
    verify_lead(text, headlines=[text])


@settings(max_examples=40, deadline=None)
@given(commits, st.dictionaries(anything, anything, max_size=3), anything)
def test_any_commit_can_be_asked(commit, patches, text: str) -> None:
    patches |= {file.path: text for file in commit.files}
    asked = Verifier.of(REPO, CommitDiff(commit=commit, patches=patches), tree=(text,))
    asked.verify(claimed(Statement(text=text), Statement(text="It adds 3 files, `x.py:3`.")))


def test_full_width_and_superscript_characters_are_read_as_what_they_mean() -> None:
    found = {(mention.kind, mention.text) for mention in mentions("上限２０，2⁵³，`ｆｏｏ`")}
    assert found == {
        (MentionKind.NUMBER, "20"),
        (MentionKind.NUMBER, "2^53"),
        (MentionKind.CODE, "foo"),
    }
