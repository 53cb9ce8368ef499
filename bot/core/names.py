"""What we call things, in English; whoever says a name translates it."""

from collections.abc import Mapping
from typing import Final

from bot.core.language import N_
from bot.core.model import ChangeType, FileStatus
from bot.core.paths import FileClass

TYPES: Final[Mapping[ChangeType, str]] = {
    ChangeType.FEATURE: N_("feature"),
    ChangeType.FIX: N_("fix"),
    ChangeType.PERFORMANCE: N_("performance"),
    ChangeType.REFACTOR: N_("refactor"),
    ChangeType.ARCHITECTURE: N_("architecture"),
    ChangeType.DOCS: N_("docs"),
    ChangeType.TEST: N_("test"),
    ChangeType.BUILD: N_("build"),
    ChangeType.CI: N_("ci"),
    ChangeType.DEPENDENCY: N_("dependency"),
    ChangeType.SECURITY: N_("security"),
    ChangeType.REVERT: N_("revert"),
    ChangeType.CHORE: N_("chore"),
}
STATUSES: Final[Mapping[FileStatus, str]] = {
    FileStatus.ADDED: N_("added"),
    FileStatus.REMOVED: N_("removed"),
    FileStatus.MODIFIED: N_("modified"),
    FileStatus.RENAMED: N_("renamed"),
    FileStatus.COPIED: N_("copied"),
    FileStatus.CHANGED: N_("changed"),
}
#: As in `docs files`.
FILE_CLASSES: Final[Mapping[FileClass, str]] = {
    FileClass.SOURCE: N_("source"),
    FileClass.API: N_("api"),
    FileClass.MIGRATION: N_("migration"),
    FileClass.TEST: N_("test"),
    FileClass.EXAMPLE: N_("example"),
    FileClass.CONFIG: N_("config"),
    FileClass.BUILD: N_("build"),
    FileClass.DEPLOYMENT: N_("deployment"),
    FileClass.DEPENDENCY: N_("dependency"),
    FileClass.CI: N_("ci"),
    FileClass.DOCS: N_("docs"),
    FileClass.LOCK: N_("lock"),
    FileClass.GENERATED: N_("generated"),
    FileClass.VENDORED: N_("vendored"),
    FileClass.BINARY: N_("binary"),
}
