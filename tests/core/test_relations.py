"""Which commits name which others, from messages as people and tools write them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model import CommitDiff, KnownCommit, Relation, RelationKind, Repo
from bot.core.relations import MENTIONS_MAX, SUBJECT_VALID, Known, Mention, known_commit, mentions, subject_key
from tests.fakes import commit, diff_of

REPO = Repo(owner="ai-dynamo", name="dynamo")
SHA = "748fee6bcfe2070291cee9b2c069ee7a638a08ad"
OTHER = "9b8b35a887bacfdd486f1d790e48c2bb7f5ac118"
NOON = datetime(2026, 1, 21, 12, tzinfo=UTC)

REVERTS, RELANDS, FOLLOWS_UP, BACKPORTS = (
    RelationKind.REVERTS,
    RelationKind.RELANDS,
    RelationKind.FOLLOWS_UP,
    RelationKind.BACKPORTS,
)


def said(subject: str, body: str = "") -> list[tuple[RelationKind, str]]:
    message = f"{subject}\n\n{body}" if body else subject
    return [(mention.kind, mention.target) for mention in mentions(commit(subject, message=message), REPO)]


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ('Revert "feat: kvbm kernels (#4356)" (#4467)', [(REVERTS, "#4356")]),
        ('fix: Revert "feat: kvbm kernels (#4356)" (#4467)', [(REVERTS, "#4356")]),
        ('chore: Revert "bump sglang (#3911)" (#3994)', [(REVERTS, "#3911")]),
        ('revert: "build: use wheel (#163)" (#170)', [(REVERTS, "#163")]),
        ('revert: "moving examples to top level" (#218)', [(REVERTS, "=moving examples to top level")]),
        ('Revert "moving  Examples"', [(REVERTS, "=moving examples")]),
        ("revert: feat(x): greet (#12)", [(REVERTS, "=feat(x): greet")]),
        ("revert(planner)!: remove backend metrics (#4134) (#5185)", [(REVERTS, "#4134")]),
        ("Revert: “feat: greet (#7)” (#9)", [(REVERTS, "#7")]),
        ("[Revert] feat: greet (#7) (#9)", [(REVERTS, "#7")]),
        ('Revert "feat: a very long title that GitHub had to cut, as it of… (#2017)', [
            (REVERTS, "=feat: a very long title that github had to cut, as it of…")]),
        ('Revert "feat: a (#1)" and "feat: b (#2)" (#3)', [(REVERTS, "#1"), (REVERTS, "#2")]),
        ("docs: revert #7371 (#7373)", [(REVERTS, "#7371")]),
        ("fix(revert): complete revert of the erroneous #9216, which broke nixl (#9320)", [(REVERTS, "#9216")]),
        ("chore: revert changes from #1, #2 and #3 (#4)", [(REVERTS, "#1"), (REVERTS, "#2"), (REVERTS, "#3")]),
        ("回滚 #12 (#34)", [(REVERTS, "#12")]),
        ("回滚“feat: 支持多图输入 (#12)” (#34)", [(REVERTS, "#12")]),
        ("fix: 还原 #12 的改动 (#34)", [(REVERTS, "#12")]),
        ('Reapply "feat: greet (#7)" (#9)', [(RELANDS, "#7")]),
        ('Reland "feat: greet"', [(RELANDS, "=feat: greet")]),
        ("[Reland] feat: greet (#7) (#9)", [(RELANDS, "#7")]),
        ("feat: re-land #7 with a fix (#9)", [(RELANDS, "#7")]),
        ("重新合入 #12 (#34)", [(RELANDS, "#12")]),
        ('Revert "Revert "feat: greet (#7)" (#8)" (#9)', [(REVERTS, "#8"), (RELANDS, "#7")]),
        ('Revert "Revert "feat: greet""', [(REVERTS, '=revert "feat: greet"'), (RELANDS, "=feat: greet")]),
        ('Revert^2 "feat: greet (#7)"', [(RELANDS, "#7")]),
        ('Revert "Reland "feat: greet (#7)" (#8)" (#9)', [(REVERTS, "#8"), (REVERTS, "#7")]),
        ("[Backport release/1.0] fix: greet (#7) (#9)", [(BACKPORTS, "#7")]),
        ("[cherry-pick] fix: greet (#7) (#9)", [(BACKPORTS, "#7")]),
        ("fix: greet (#7) (#9)", [(BACKPORTS, "#7=fix: greet")]),
        ("chore: backport #7 to 1.0 (#9)", [(BACKPORTS, "#7")]),
        ("移植 #12 到 1.0 分支 (#34)", [(BACKPORTS, "#12")]),
        ("chore: address comments for #35 (#53)", [(FOLLOWS_UP, "#35")]),
        ("fix: fix MyPy issue introduced in #7517 (#7562)", [(FOLLOWS_UP, "#7517")]),
        ("docs: follow-up to #7 (#9)", [(FOLLOWS_UP, "#7")]),
        ("fix(frontend): patch #12684 to normalize a choice (#12878)", [(FOLLOWS_UP, "#12684")]),
        ("fix: 修复 #12 引入的回归 (#34)", [(FOLLOWS_UP, "#12")]),
        ("feat: #12 的后续 (#34)", [(FOLLOWS_UP, "#12")]),
    ],
)  # fmt: skip
def test_a_subject_says_what_it_is_to_another_commit(subject: str, expected: list[tuple[RelationKind, str]]):
    assert said(subject) == expected


@pytest.mark.parametrize(
    "subject",
    [
        "feat: greet (#7)",
        "Merge pull request #7 from octo/greet",
        "docs: sync with changes from #5941 (#6073)",
        "feat: n support (stacked on top of #8744) (#8746)",
        "fix: fix #2653: links of two pictures (#2650)",
        "fix: do not revert #7 yet (#9)",
        "chore: prepare to revert #7 (#9)",
        "fix: undo what was reverted in #7 (#9)",
        "fix(container): backport vllm PR #40932 to unblock (#9491)",
        "chore: revert vllm-project/vllm#40932 (#9)",
        "chore: revert https://github.com/vllm-project/vllm/pull/12 (#9)",
        "chore: revert vllm#12 (#9)",
        "fix: 暂不回滚，见 #12 (#34)",
        "feat: revertible transactions (#9)",
        "fix: landing page #7 (#9)",
        "",
        "(#7)",
    ],
)
def test_a_number_that_is_merely_mentioned_is_no_relation(subject: str):
    assert said(subject) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"This reverts commit {SHA}.", [(REVERTS, SHA)]),
        ("This reverts commit 748fee6.", [(REVERTS, "748fee6")]),
        (f"This reverts commits {SHA} and {OTHER}.", [(REVERTS, SHA), (REVERTS, OTHER)]),
        (f"This reverts commit {SHA}, reversing\nchanges made to {OTHER}.", [(REVERTS, SHA)]),
        ("Reverts ai-dynamo/dynamo#5510", [(REVERTS, "#5510")]),
        ("Reverts AI-Dynamo/Dynamo#5510", [(REVERTS, "#5510")]),
        ("Reverts https://github.com/ai-dynamo/dynamo/pull/5510", [(REVERTS, "#5510")]),
        (f"Reverts https://github.com/ai-dynamo/dynamo/commit/{SHA}", [(REVERTS, SHA)]),
        ("Reverts vllm-project/vllm#5510", []),
        ("This partially explains #5510", []),
        ("This is a reland of commit 748fee6, which was reverted in 9b8b35a.", [(RELANDS, "748fee6")]),
        ("Follow-up to #5510.", [(FOLLOWS_UP, "#5510")]),
        ("follow up of PR #5510", [(FOLLOWS_UP, "#5510")]),
        ("Fixes regression from #5510", [(FOLLOWS_UP, "#5510")]),
        ("* fix a bug introduced by [#5510]", [(FOLLOWS_UP, "#5510")]),
        ('Fixes: 748fee6bcfe2 ("feat(sglang): enforce stream_output")', [(FOLLOWS_UP, "748fee6bcfe2")]),
        ("Fixes #5510", []),
        ("Closes #5510", []),
        ("See also #5510.", []),
        ("Backport of #5510", [(BACKPORTS, "#5510")]),
        (f"(cherry picked from commit {SHA})", [(BACKPORTS, SHA)]),
        ("cherry-pick #123", [(BACKPORTS, "#123")]),
        (f"[ Upstream commit {SHA} ]", [(BACKPORTS, SHA)]),
        ("If this breaks, revert #5510.", []),
        ("We will revert #5510 tomorrow.", []),
        ("Instead of reverting #5510, this fixes it.", []),
        ("We reverted #5510 last week.", []),
        ("- Reverted #5510", [(REVERTS, "#5510")]),
        ("Reverts 1234", []),
        ("Reverts #99999999999999", []),
    ],
)
def test_a_body_says_what_it_is_to_another_commit(body: str, expected: list[tuple[RelationKind, str]]):
    assert said("chore: something", body) == expected


def test_a_title_that_github_broke_is_read_whole():
    assert said('Revert "feat: a very long ti… (#9)', '…tle (#7)"\n\nSorry.') == [(REVERTS, "#7")]


def test_no_more_than_a_few_commits_are_named_by_one():
    body = "\n".join(f"Reverts #{number}" for number in range(1, 100))
    assert len(said("chore: release", body)) == MENTIONS_MAX


# From names to commits


def known(subject: str, hours: float = 0, *, sha: str = "", patch_id: str = "") -> KnownCommit:
    made = commit(subject, (NOON + timedelta(hours=hours)).isoformat())
    found = known_commit(CommitDiff(commit=made, patches={}))
    return KnownCommit(
        sha=sha or found.sha,
        committed_at=found.committed_at,
        pull_request=found.pull_request,
        subject_key=found.subject_key,
        patch_id=patch_id,
    )


def related(*history: tuple[str, str]) -> list[tuple[str, RelationKind, str]]:
    """The relations in a history of (subject, body), an hour apart, oldest first; commits are named by subject."""
    commits = [known(subject, hours) for hours, (subject, _) in enumerate(history)]
    archive = Known(commits)
    subjects = {one.sha: subject for one, (subject, _) in zip(commits, history, strict=True)}
    found: list[Relation] = []
    for one, (subject, body) in zip(commits, history, strict=True):
        full = commit(subject, one.committed_at.isoformat(), message=f"{subject}\n\n{body}")
        found += archive.relate(one, mentions(full, REPO))
    return [(subjects[relation.sha], relation.kind, subjects[relation.other_sha]) for relation in found]


GREET = ("feat: greet (#1)", "")


def test_a_revert_of_a_revert_lands_the_first_one_again():
    revert, again = ('Revert "feat: greet (#1)" (#2)', ""), ('Revert "Revert "feat: greet (#1)" (#2)" (#3)', "")
    assert related(GREET, revert, again) == [
        (revert[0], REVERTS, GREET[0]),
        (again[0], REVERTS, revert[0]),
        (again[0], RELANDS, GREET[0]),
    ]


def test_git_s_own_reapply_names_only_the_revert():
    revert = ('Revert "feat: greet"', "")
    again = ('Reapply "feat: hello"', f"This reverts commit {known(revert[0]).sha}.")
    assert related(("feat: greet", ""), revert, again) == [
        (revert[0], REVERTS, "feat: greet"),
        (again[0], REVERTS, revert[0]),
        (again[0], RELANDS, "feat: greet"),
    ]


def test_the_same_subject_after_a_revert_is_a_reland_and_without_one_is_nothing():
    again = ("feat: greet (#3)", "")
    revert = ('Revert "feat: greet" (#2)', "")
    assert related(GREET, revert, again)[-1] == (again[0], RELANDS, GREET[0])
    assert related(GREET, again) == []


def test_a_cherry_pick_with_two_numbers_is_a_backport_or_after_a_revert_a_reland():
    copy = ("feat: greet (#1) (#3)", "")
    assert related(GREET, copy) == [(copy[0], BACKPORTS, GREET[0])]
    assert related(GREET, ('Revert "feat: greet (#1)" (#2)', ""), copy)[-1] == (copy[0], RELANDS, GREET[0])
    assert related(("Update README.md (#1)", ""), copy) == []


def test_of_several_commits_with_a_subject_the_newest_older_one_is_meant():
    first, second, revert, later = (
        known("fix: typo", 0, sha="a" * 40),
        known("fix: typo", 1, sha="b" * 40),
        known('Revert "fix: typo"', 2),
        known("fix: typo", 3, sha="c" * 40),
    )
    (relation,) = Known([first, second, revert, later]).relate(revert, [Mention(kind=REVERTS, target="=fix: typo")])
    assert relation.other_sha == "b" * 40


def test_a_subject_wears_out_and_a_number_does_not():
    months = (SUBJECT_VALID + timedelta(hours=1)) / timedelta(hours=1)
    old, revert = known("feat: greet (#1)"), known("chore: clean up", months)
    for target, found in (("=feat: greet", 0), ("#1", 1)):
        assert len(Known([old, revert]).relate(revert, [Mention(kind=REVERTS, target=target)])) == found


def test_a_cut_subject_names_what_begins_so():
    old, revert = known("feat: add an example of several models (#1990)"), known("x", 1)
    mention = Mention(kind=REVERTS, target="=feat: add an example of sev…")
    assert [relation.other_sha for relation in Known([old, revert]).relate(revert, [mention])] == [old.sha]


def test_an_abbreviated_sha_that_several_commits_have_names_none():
    commits = [known("a", sha="abcdef1" + "0" * 33), known("b", sha="abcdef1" + "1" * 33), known("c", 1)]
    for target, found in (("abcdef1", 0), ("abcdef10", 1)):
        assert len(Known(commits).relate(commits[2], [Mention(kind=REVERTS, target=target)])) == found


def test_the_same_change_is_a_backport_or_after_a_revert_a_reland():
    first, copy = known("feat: greet", 0, patch_id="d" * 40), known("feat: hello", 2, patch_id="d" * 40)
    assert [relation.kind for relation in Known([first, copy]).relate(copy, ())] == [BACKPORTS]
    undone = Relation(kind=REVERTS, sha=known("revert", 1).sha, other_sha=first.sha)
    assert [relation.kind for relation in Known([first, copy], [undone]).relate(copy, ())] == [RELANDS]


def test_a_merge_s_change_is_not_its_own():
    merge = diff_of(commit("Merge branch 'x'", parents=("a" * 40, "b" * 40)))
    assert known_commit(merge).patch_id == ""
    assert known_commit(diff_of(commit("feat: greet"))).patch_id != ""


def test_relations_never_point_forward_in_time():
    early, late = known("feat: greet (#1)", 0), known("fix: greet (#2)", 1)
    archive = Known([early, late])
    assert archive.relate(early, [Mention(kind=REVERTS, target="#2"), Mention(kind=REVERTS, target=late.sha)]) == []
    assert archive.relate(late, [Mention(kind=REVERTS, target=late.sha)]) == []


def test_in_the_same_second_only_a_whole_sha_is_believed():
    first, second = known("feat: greet (#1)"), known("fix: greet (#2)")
    for target, found in (("#1", 0), (first.sha[:12], 0), (first.sha, 1)):
        assert len(Known([first, second]).relate(second, [Mention(kind=REVERTS, target=target)])) == found


WORDS = st.sampled_from(
    [*"\"“”'`()[]#:\n ", "#1", "#2", "(#3)", "Revert", "Reland", "revert of", "Fixes:", "and", "…", "a" * 7, "1" * 40]
)
MESSAGES = st.one_of(
    st.text(max_size=300), st.lists(WORDS, max_size=60).map(" ".join), st.lists(WORDS, max_size=60).map("".join)
)


@given(st.lists(MESSAGES, min_size=1, max_size=6), st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_whatever_people_write_no_commit_is_related_to_itself_or_in_a_circle(messages: Sequence[str], hours: list[int]):
    fulls = [
        commit(f"{number}{message}", (NOON + timedelta(hours=hours[number])).isoformat(), message=message)
        for number, message in enumerate(messages)
    ]
    commits = [known_commit(CommitDiff(commit=full, patches={})) for full in fulls]
    archive = Known(commits)
    dates = {one.sha: one.committed_at for one in commits}
    for one, full in zip(commits, fulls, strict=True):
        said = mentions(full, REPO)
        assert len(said) <= MENTIONS_MAX
        assert all(len(mention.target) <= 320 for mention in said)
        relations = archive.relate(one, said)
        assert all(dates[relation.other_sha] < dates[relation.sha] for relation in relations)
        assert len({relation.other_sha for relation in relations}) == len(relations)


@given(st.text(max_size=400))
def test_a_subject_s_key_is_its_own_key(subject: str):
    assert subject_key(subject_key(subject)) == subject_key(subject)


@pytest.mark.parametrize(
    "message",
    [
        'Revert "' * 3_000,
        "revert " * 5_000,
        "(#1)" * 8_000,
        "Reverts " + "#1, " * 8_000,
        "This reverts commit " + "a" * 30_000,
        "follow up to the " * 2_000,
        "address " + "the " * 8_000,
        "[" * 30_000,
        " " * 30_000,
        "a/" * 15_000,
        "Reverts " + "a" * 15_000 + "/" + "b" * 15_000,
        "not " * 8_000 + "revert #1",
    ],
    ids=lambda message: message[:12],
)
def test_hostile_messages_are_read_quickly(message: str):
    began = process_time()
    for text in (message, f"chore: x\n\n{message}", message.replace(" ", "\n")):
        said(*text.partition("\n\n")[::2])
    assert process_time() - began < 1.0
