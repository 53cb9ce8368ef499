"""One measured figure and what was promised of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    name: str
    value: float
    unit: str
    #: The most that it may be; None where nothing was promised.
    limit: float | None = None

    @property
    def is_kept(self) -> bool:
        return self.limit is None or self.value <= self.limit

    def __str__(self) -> str:
        promise = "" if self.limit is None else f"  (at most {self.limit:g}: {'kept' if self.is_kept else 'MISSED'})"
        return f"{self.name:<62} {self.value:>8.3f} {self.unit}{promise}"
