"""In which language a text is written, as far as its script tells."""

import re
from typing import Final

from bot.core.language import Language

#: https://www.unicode.org/charts/PDF/U4E00.pdf, extension A, and compatibility ideographs.
_IDEOGRAPH: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
#: Plain words: neither `snake_case`, `camelCase`, paths nor versions, which stay as they are in every language.
_WORD: Final = re.compile(r"(?<![\w./:-])[A-Za-z][a-z']*(?![\w/:-]|\.\w)")
_CODE: Final = re.compile(r"`[^`]*`")
#: Words or ideographs that tell at least.
TELLING: Final = 6


def written_in(text: str) -> Language | None:
    """The language that most of the text is in; None if there is too little of it."""
    prose = _CODE.sub("", text)
    ideographs, words = len(_IDEOGRAPH.findall(prose)), len(_WORD.findall(prose))
    if ideographs + words < TELLING:
        return None
    return Language.ZH if ideographs > words else Language.EN
