"""A commit's diff on its page: statements lead to their lines, and lines to the statements that they bear out."""

import dataclasses

import pytest

from bot.core.model import Entry, FileChange, FileStatus
from formatters import html
from formatters.html import highlighting, reading
from formatters.html.highlighting import highlighted
from tests.formatters import archived, samples
from tests.formatters.archived import parsed

WORKER = samples.MULTI_IMAGE.commit.files[0].path


def page(entry: Entry = samples.MULTI_IMAGE, **patches: str) -> str:
    return html.render(archived.commit_page(entry, archived.diff(entry, **patches)), archived.ENGLISH)


def with_files(*paths: str, entry: Entry = samples.MULTI_IMAGE) -> Entry:
    files = tuple(FileChange(path=path, status=FileStatus.MODIFIED, additions=1, deletions=0) for path in paths)
    return dataclasses.replace(entry, commit=dataclasses.replace(entry.commit, files=files))


def patch(*lines: str) -> str:
    return "\n".join([f"@@ -0,0 +1,{len(lines)} @@", *(f"+{line}" for line in lines)])


def element(document: str, anchor: str):
    return parsed(document).find(f".//*[@id='{anchor}']")


def test_a_statement_links_to_the_hunks_that_bear_it_out_and_they_link_back():
    document = html.render(archived.PAGES["commit"], archived.ENGLISH)
    statement = element(document, "s2")
    assert "".join(statement.itertext()).strip() == (
        "2 Each image still gets a response with its own mm_hash. (encode_worker_handler.py hunks 2, 3)"
    )
    assert [link.get("href") for link in statement.iter("a")] == ["#f1", "#f1-h2", "#f1-h3"]
    back = [(link.get("href"), link.text) for link in element(document, "f1-h2").iter("a")]
    assert back == [("#s2", "evidence of statement 2"), ("#s3", "evidence of statement 3")]


def test_hunks_have_the_numbers_that_evidence_has():
    document = html.render(archived.PAGES["commit"], archived.ENGLISH)
    heads = [element(document, f"f1-h{number}").find("p") for number in (1, 2, 3)]
    assert ["".join(head.itertext()).split("evidence")[0].strip() for head in heads] == [
        "Hunk 1 @@ -10,6 +10,6 @@ class EncodeWorkerHandler:",
        "Hunk 2 @@ -40,3 +41,4 @@ class EncodeWorkerHandler:",
        "Hunk 3 @@ -60,2 +62,2 @@",
    ]


def test_lines_have_the_numbers_of_the_file_they_are_in():
    document = html.render(archived.PAGES["commit"], archived.ENGLISH)
    lines = [(line.tag, line.get("data-n")) for line in element(document, "f1-h3").find("pre/code")]
    assert lines == [("del", "60"), ("ins", "62"), ("span", "63")]


def test_code_is_read_as_it_was_written():
    source = ['def f(x="<b>&amp;"):', "\treturn x  # two  spaces", "", "    '''"]
    document = page(with_files("a.py"), **{"a.py": patch(*source)})
    assert "".join(element(document, "f1-h1").find("pre/code").itertext()).splitlines() == source


def test_words_have_the_class_of_their_kind():
    assert str(highlighted("lib/a.rs", ["fn main() { let x = 1; } // it"])[0]) == (
        '<span class="k">fn</span> <span class="f">main</span>() { <span class="k">let</span> x = '
        '<span class="n">1</span>; } <span class="c">// it</span>'
    )


@pytest.mark.parametrize("path", ["LICENSE", "go.mod", "a.sql", "", "x" * 300])
def test_a_file_of_an_unknown_language_is_plain(path: str):
    assert [str(line) for line in highlighted(path, ["<a> & b"])] == ["&lt;a&gt; &amp; b"]


@pytest.mark.parametrize("path", ["Makefile", "a/Dockerfile.dev", "CMakeLists.txt", "A.PY", "x.d/y.tsx"])
def test_a_language_is_known_by_the_name_of_the_file(path: str):
    assert "<span" in str(highlighted(path, ['FROM = import("x") # it'])[0])


def test_every_language_has_a_lexer():
    assert all(highlighting._lexer(language) for language in highlighting._LANGUAGES)


def test_a_line_that_nobody_wrote_by_hand_is_plain():
    assert "<span" not in str(highlighted("a.py", ["x = 1", "x" * 301])[0])


def test_characters_that_hide_or_reorder_code_are_seen():
    source = ["if is_admin\u202e: # \u2066", "a\u200bb\ufeff\u00ad", "\x1b[31m"]
    document = page(with_files("a.py"), **{"a.py": patch(*source)})
    shown = "".join(element(document, "f1-h1").find("pre/code").itertext())
    assert shown.splitlines() == ["if is_admin�: # �", "a�b��", "␛[31m"]


def test_a_long_diff_is_folded_unless_a_statement_needs_it():
    long = patch(*["x = 1"] * (reading.FOLDED_FROM + 1))
    document = page(with_files("other.py", WORKER), **{"other.py": long, WORKER: long})
    assert [element(document, anchor).get("open") for anchor in ("f1", "f2")] == [None, ""]


def test_a_lock_file_is_folded_however_short():
    assert element(page(with_files("poetry.lock"), **{"poetry.lock": patch("a")}), "f1").get("open") is None


def test_a_very_long_diff_is_shown_without_colors_and_a_longer_one_is_named():
    medium = patch(*["x = " + "1" * 96] * (reading.HIGHLIGHTED_MAX // 100))
    document = page(with_files("a.py"), **{"a.py": medium})
    assert not element(document, "f1").findall(".//span[@class='n']")
    huge = patch(*["x = 1"] * (reading.LINES_MAX + 1))
    document = page(with_files("a.py"), **{"a.py": huge})
    assert "too long to be shown here" in "".join(element(document, "f1").itertext())


def test_files_beyond_the_limit_are_counted_but_those_with_evidence_are_there():
    paths = [f"{number}.py" for number in range(reading.FILES_MAX)]
    document = page(with_files(*paths, "b.py", WORKER), **{WORKER: patch("a")})
    assert "… 1 more file" in archived.shown(document)
    assert element(document, f"f{reading.FILES_MAX + 1}-h1") is not None


@pytest.mark.parametrize("broken", ["", "nothing", "@@ -1,9 +1,9 @@\n+a", "@@ @@\n+a\n-b\n c", "@@ -1 +1 @@\n\\ no"])
def test_a_broken_patch_is_shown_as_far_as_it_can_be_read(broken: str):
    document = page(with_files("a.py"), **{"a.py": broken})
    assert ("a" in "".join(element(document, "f1").itertext())) or "+a" not in broken


def test_evidence_without_a_kept_patch_leads_to_the_file():
    document = html.render(archived.PAGES["commit without its patch"], archived.ENGLISH)
    assert "The lines of this commit are not kept any more." in archived.shown(document)
    assert [link.get("href") for link in element(document, "s1").iter("a")] == ["#f1", "#f1", "#f2", "#f2"]


def test_evidence_of_a_file_that_is_not_there_is_no_link():
    document = page(with_files("other.py"))
    assert not list(element(document, "s1").iter("a"))
