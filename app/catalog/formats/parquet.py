"""Reads Parquet."""

from collections.abc import Iterator
from typing import BinaryIO

from app.catalog.formats.columns import Columns
from app.catalog.formats.rows import CatalogueRow
from app.errors import ImportUnreadable

ROWS = 64  # decoded at once
LARGEST_GROUP = 512 * 2**20  # bytes of a row group, decoded: what the reader may have to hold


def read_parquet(file: BinaryIO, columns: Columns) -> Iterator[CatalogueRow]:
    """The rows of the file.

    Raises:
        ImportUnreadable: it is damaged, or has a row group that is too large to hold.
    """
    import pyarrow as pa  # noqa: PLC0415  takes a second and 60 MB, for those who have such a file
    from pyarrow import parquet  # noqa: PLC0415  the same

    line = 0
    try:
        opened = parquet.ParquetFile(file)
        groups = range(opened.metadata.num_row_groups)
        names = opened.schema_arrow.names
        if twice := {name for name in names if names.count(name) > 1}:
            raise ImportUnreadable(f"The file has two columns named {min(twice)!r}.")
        columns.check(names)
        _check_sizes([opened.metadata.row_group(number).total_byte_size for number in groups])
        for batch in opened.iter_batches(batch_size=ROWS, use_threads=False):
            for cells in batch.to_pylist():
                line += 1
                yield CatalogueRow(line=line, content=columns.product(cells))
    except (pa.ArrowException, OSError, ValueError) as error:
        if line == 0:
            raise ImportUnreadable(f"The file is not whole Parquet: {error}") from error
        yield CatalogueRow.wrong(line + 1, f"is where the file stops being Parquet: {error}")


def _check_sizes(groups: list[int]) -> None:
    if max(groups, default=0) > LARGEST_GROUP:
        raise ImportUnreadable(
            f"A row group has {max(groups) / 2**20:,.0f} MiB; write the file with at most {LARGEST_GROUP // 2**20}."
        )
