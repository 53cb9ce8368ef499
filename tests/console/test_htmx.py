"""The script is the one that npm has, and nothing else."""

from formatters.html.console.assets import HTMX
from tests.counterparts import node

_PACKAGE = node.MODULES / "htmx.org"


def test_htmx_is_what_its_package_has_to_the_byte():
    assert HTMX.content.encode() == (_PACKAGE / "dist" / "htmx.min.js").read_bytes()


def test_its_licence_stands_beside_it():
    ours = node.HERE.parent.parent / "formatters" / "html" / "console" / "htmx.LICENSE"
    assert ours.read_bytes() == (_PACKAGE / "LICENSE").read_bytes()
