"""Parts a list where what stands together has a limit."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def parted(items: Iterable[T], *, size: Callable[[T], int], most: int) -> Iterator[list[T]]:
    """All items in their order, whose sizes are `most` together; one that is larger stands alone."""
    batch: list[T] = []
    free = most
    for item in items:
        needed = size(item)
        if batch and needed > free:
            yield batch
            batch, free = [], most
        batch.append(item)
        free -= needed
    if batch:
        yield batch
