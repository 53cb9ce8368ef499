"""Sentences in two languages, and the catalogues that hold them."""

import ast
import asyncio
import importlib
import pkgutil
import re
from collections.abc import Iterator
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from string import Formatter

import pytest

import bot.core
import translations
from bot.core.errors import BotError, NotFound, NotUnderstood, SourceUnavailable
from bot.core.language import N_, Language, _, decimal, enumerated, ngettext, speaking, spoken
from bot.core.model import Repo

CATALOGUES = pytest.mark.parametrize("locale", translations.CATALOGUES)


def test_english_is_spoken_unless_something_else_is():
    assert spoken() is Language.EN
    with speaking(Language.ZH):
        assert _("High") == "高"
        with speaking(Language.EN):
            assert _("High") == "High"
    assert _("High") == "High"


async def test_every_task_goes_on_in_the_language_that_it_began_in():
    async def say() -> str:
        await asyncio.sleep(0)
        return _(N_("High"))

    with speaking(Language.ZH):
        chinese = asyncio.create_task(say())
    assert (await say(), await chinese) == ("High", "高")


@pytest.mark.parametrize(
    ("number", "english", "chinese"), [(1, "1 commit", "1 个提交"), (1200, "1,200 commits", "1,200 个提交")]
)
def test_numbers_go_with_their_words(number: int, english: str, chinese: str):
    assert ngettext("{number} commit", "{number} commits", number) == english
    with speaking(Language.ZH):
        assert ngettext("{number} commit", "{number} commits", number) == chinese
        assert decimal(1234567) == "1,234,567"


def test_lists_are_put_together():
    assert [enumerated("abc"[:size]) for size in range(4)] == ["", "a", "a and b", "a, b and c"]
    with speaking(Language.ZH):
        assert enumerated("abc") == "a、b、c"


def test_what_people_wrote_is_never_a_template():
    assert _("{repo} has no commit {sha}.", repo="{sha}", sha="{0}") == "{sha} has no commit {0}."


def test_an_error_speaks_the_language_of_where_it_was_raised():
    with speaking(Language.ZH):
        errors = [NotFound(), BotError("said already")]
        with pytest.raises(NotUnderstood) as raised:
            Repo.parse("x")
    assert [str(error) for error in errors] == ["没有找到对应的内容。", "said already"]
    assert str(raised.value) == "“x”不是仓库名：请写成 owner/name。"
    assert str(SourceUnavailable()) == "The repository could not be read. Please ask again in a few minutes."


def test_no_sentence_for_people_passes_the_catalogue_by():
    """What formatters say is tested by drawing it; this is about what the rest hands them."""
    places = [translations.ROOT / place for place in ("bot/core", "bot/adapters", "handlers")]
    for path in (path for place in places for path in sorted(place.rglob("*.py"))):
        said = [literal for literal in literals(path) if re.search(r"[A-Za-z]{2,} ", literal)]
        assert not said, f"{path}: write _({said[0]!r})"


def literals(path: Path) -> Iterator[str]:
    """The literal texts of errors and notices."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"Notice", *errors()}:
            for text in [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "text")]:
                match text:
                    case ast.Constant(value=str(value)):
                        yield value
                    case ast.JoinedStr(values=parts):
                        yield "".join(part.value for part in parts if isinstance(part, ast.Constant))


@pytest.fixture(scope="module", autouse=True)
def every_error_is_known() -> None:
    """A class is known once its module is imported."""
    for module in pkgutil.walk_packages(bot.core.__path__, "bot.core."):
        importlib.import_module(module.name)


def errors(of: type[BotError] = BotError) -> set[str]:
    return {of.__name__}.union(*(errors(derived) for derived in of.__subclasses__()))


# The catalogues


@CATALOGUES
def test_the_catalogue_has_exactly_the_sentences_of_the_source(locale: str):
    catalogue = translations.catalogue_at(translations.CATALOGUES[locale], locale)
    said = {message.id for message in translations.extracted() if message.id}
    known = {message.id for message in catalogue if message.id}
    assert (said - known, known - said) == (set(), set()), "make translations"


@CATALOGUES
def test_every_sentence_is_translated(locale: str):
    assert translations.untranslated(translations.catalogue_at(translations.CATALOGUES[locale], locale)) == []


@CATALOGUES
def test_translations_have_the_placeholders_of_their_sentences(locale: str):
    for message in translations.catalogue_at(translations.CATALOGUES[locale], locale):
        if message.id:
            ids, strings = ([one] if isinstance(one, str) else list(one) for one in (message.id, message.string))
            for string in filter(None, strings):
                assert placeholders(string) == placeholders(ids[-1]), message.id


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


@CATALOGUES
def test_the_compiled_catalogue_is_that_of_the_text(locale: str):
    path = translations.CATALOGUES[locale]
    compiled = translations.compiled(translations.catalogue_at(path, locale))
    assert sentences(path.with_suffix(".mo").read_bytes()) == sentences(compiled), "make translations"


def sentences(compiled: bytes) -> dict[object, str]:
    """Without the header, which names the version of Babel."""
    known: dict[object, str] = vars(GNUTranslations(BytesIO(compiled)))["_catalog"]
    return {message: translation for message, translation in known.items() if message}


@CATALOGUES
def test_the_text_is_as_the_tool_writes_it(locale: str):
    path = translations.CATALOGUES[locale]
    catalogue = translations.updated(translations.catalogue_at(path, locale), translations.extracted())
    assert body(path.read_bytes()) == body(translations.written(catalogue)), "make translations"


def body(text: bytes) -> bytes:
    return text.partition(b"\n\n")[2]
