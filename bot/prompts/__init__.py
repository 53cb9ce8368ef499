"""The instructions that language models are given, one file for each purpose."""

from importlib import resources


def read(name: str) -> str:
    """`analysis` for `analysis.md`."""
    return resources.files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")
