"""Commits from the git command line: of a clone that is there already, or of clones made and kept up to date here."""

from bot.adapters.git.clones import CloneCache, Clones, LocalClone
from bot.adapters.git.origin import origin
from bot.adapters.git.source import GitSource

__all__ = ["CloneCache", "Clones", "GitSource", "LocalClone", "origin"]
