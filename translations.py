"""Takes every sentence of ours into the catalogues and compiles them: `make translations`.

A sentence is what `_`, `ngettext` or `N_` is given, and the docstring of an error, which is what it says by default.
"""

import ast
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

ROOT: Final = Path(__file__).parent
#: Errors come first, because others are derived from them.
SOURCES: Final = ("bot/core/errors.py", "bot", "formatters", "handlers")
CATALOGUES: Final = {"zh_CN": ROOT / "bot/locales/zh_CN/LC_MESSAGES/messages.po"}
#: By the ending of a file's name: how its sentences are found.
METHODS: Final = {".py": "python", ".html": babel_extract, ".xml": babel_extract}
#: A template that cannot be read is an error, not a file without sentences.
TEMPLATE_OPTIONS: Final = {"silent": "false"}
KEYWORDS: Final = {"_": None, "N_": None, "ngettext": (1, 2)}

Message = str | tuple[str, ...]


def main() -> int:
    """Brings the catalogues up to date; the exit code says whether a translation is missing."""
    template = extracted()
    missing = 0
    for locale, path in CATALOGUES.items():
        catalogue = updated(catalogue_at(path, locale), template)
        path.write_bytes(written(catalogue))
        path.with_suffix(".mo").write_bytes(compiled(catalogue_at(path, locale)))
        for message in untranslated(catalogue):
            missing += 1
            print(f"{locale}: not translated: {message!r}")  # noqa: T201
    return min(missing, 1)


def extracted() -> Catalog:
    """Every sentence, with the files that say it."""
    template = Catalog()
    errors = {"BotError"}
    for path in _files():
        for message in [*_marked(path), *_defaults(path, errors)]:
            template.add(message, locations=[(path.relative_to(ROOT).as_posix(), 1)])
    return template


def _files() -> list[Path]:
    places = [ROOT / source for source in SOURCES]
    found = [path for place in places for path in (_within(place) if place.is_dir() else [place])]
    return list(dict.fromkeys(found))


def _within(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in METHODS)


def _marked(path: Path) -> Iterator[Message]:
    with path.open("rb") as file:
        for _, message, _, _ in extract(METHODS[path.suffix], file, keywords=KEYWORDS, options=TEMPLATE_OPTIONS):
            yield message


def _defaults(path: Path, errors: set[str]) -> Iterator[Message]:
    """What errors say by default; adds the names of those found to `errors`."""
    if path.suffix != ".py":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef) and (node.name in errors or _is_derived(node, errors)):
            errors.add(node.name)
            if docstring := ast.get_docstring(node):
                yield docstring


def _is_derived(node: ast.ClassDef, errors: set[str]) -> bool:
    return any(isinstance(base, ast.Name) and base.id in errors for base in node.bases)


def catalogue_at(path: Path, locale: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=locale, domain="messages")


def updated(catalogue: Catalog, template: Catalog) -> Catalog:
    """The catalogue with the template's sentences; nothing is guessed, and what nobody says any more is dropped."""
    catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    return catalogue


def untranslated(catalogue: Catalog) -> list[Message]:
    return [message.id for message in catalogue if message.id and (message.fuzzy or not _is_whole(message.string))]


def _is_whole(translation: Message) -> bool:
    return all(translation) if isinstance(translation, tuple | list) else bool(translation)


def written(catalogue: Catalog) -> bytes:
    """The text of the catalogue, without line numbers, which change with every edit elsewhere."""
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=120, sort_by_file=True, include_lineno=False, ignore_obsolete=True)
    return buffer.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


if __name__ == "__main__":
    sys.exit(main())
