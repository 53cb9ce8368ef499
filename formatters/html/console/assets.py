"""What the console's pages load."""

from hashlib import sha256
from importlib.resources import files
from typing import Final

from formatters.html.environment import STYLESHEET, Asset

ROOT: Final = "/console/static"


def _asset(package: str, name: str, media_type: str) -> Asset:
    content = (files(package) / name).read_text(encoding="utf-8")
    stem, _dot, end = name.partition(".")
    digest = sha256(content.encode()).hexdigest()[:12]
    return Asset(path=f"{ROOT}/{stem}-{digest}.{end.rpartition('.')[2]}", media_type=media_type, content=content)


CONSOLE_STYLESHEET: Final = _asset("formatters.html.console", "console.css", "text/css")
#: https://htmx.org, 0BSD; without it, pages are loaded anew.
HTMX: Final = _asset("formatters.html.console", "htmx.min.js", "text/javascript")
#: That of the archive, too, so that the console needs no other page.
ARCHIVE_STYLESHEET: Final = Asset(
    path=STYLESHEET.path.replace("/static", ROOT), media_type=STYLESHEET.media_type, content=STYLESHEET.content
)
ASSETS: Final = (ARCHIVE_STYLESHEET, CONSOLE_STYLESHEET, HTMX)
