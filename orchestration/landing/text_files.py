"""CSV files as they come: packed, in any common encoding, delimiter and line end, some lines broken.

Belongs here: what must be known or mended before SQL can read a CSV file. Not here: values (checks.py).
"""

import codecs
import csv
import gzip
import io
import json
import re
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, cast

from orchestration.landing.accounts import LandingError
from orchestration.landing.extracts import Extract

DELIMITERS = (",", ";", "\t", "|")
MAXIMUM_LINE_BYTES = 2_000_000
_CHUNK_BYTES = 1 << 20
_MAXIMUM_RECORD_LINES = 50


@dataclass(frozen=True)
class TextFile:
    """A CSV file that is plain UTF-8 now; `header` holds its column names trimmed and in lower case."""

    path: Path
    delimiter: str
    header: tuple[str, ...]


def open_text(extract: Extract, scratch: Path, known_names: frozenset[str]) -> TextFile:
    """Return the extract as plain UTF-8, unpacked or transcoded into `scratch` where it is not yet.

    Raises LandingError for a file that is damaged or no text.
    """
    try:
        encoding = _encoding(extract)
        path = extract.path
        if extract.is_gzip or encoding not in ("utf-8", "utf-8-sig"):
            path = scratch / "plain.csv"
            _transcode(extract, encoding, path)
        with path.open(encoding="utf-8-sig") as stream:
            first_line = stream.readline(MAXIMUM_LINE_BYTES).rstrip("\n")
    except UnicodeDecodeError as error:
        raise LandingError(
            f"{extract.name}: cannot be read: no text in UTF-8, UTF-16 or GB18030 ({error.reason})"
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise LandingError(
            f"{extract.name}: cannot be read: {error}; if the file is damaged, deliver it again"
        ) from error
    try:
        headers = {delimiter: _names(first_line, delimiter) for delimiter in DELIMITERS}
    except csv.Error as error:
        raise LandingError(f"{extract.name}: cannot be read: the first line is no header: {error}") from error
    delimiter = max(DELIMITERS, key=lambda candidate: len(known_names.intersection(headers[candidate])))
    return TextFile(path, delimiter, headers[delimiter])


def repair(file: TextFile, target: Path, *, is_withheld: bool) -> None:
    """Write a copy in which every line can be read; two more columns say what a broken line was.

    The copy has the rows of `file` in the same order, so that row numbers stay right. A broken line has only
    `problem` and `raw_row` (JSON); `is_withheld` keeps its text out, for tables with personal columns.
    Runs only for files that have a broken line: the one place where Python looks at every line.
    """
    delimiter, width = file.delimiter, len(file.header)
    field = _field_pattern(delimiter)
    with (
        file.path.open(encoding="utf-8-sig") as source,
        target.open("w", encoding="utf-8", newline="") as copy,
    ):
        rows = csv.writer(copy, delimiter=delimiter, lineterminator="\n")
        rows.writerow(f"c{index}" for index in range(width + 2))
        source.readline(MAXIMUM_LINE_BYTES)
        lines = _Lines(source)
        for line in lines:
            if line.count(delimiter) == width - 1 and '"' not in line and len(line) * 4 < MAXIMUM_LINE_BYTES:
                copy.write(f"{line}{delimiter}{delimiter}\n")
            elif line:
                fields = _fields(line, field)
                problem = _problem(line, fields, width)
                for longer in lines.longer(line) if fields is None else ():
                    fields = _fields(longer, field)
                    if _problem(longer, fields, width) is None:
                        lines.skip(longer.count("\n"))
                        problem = None
                        break
                if fields is None or problem:
                    shown = "*** (this table holds personal columns)" if is_withheld else line[:500]
                    raw_row = json.dumps({"line": shown}, ensure_ascii=False)
                    rows.writerow([*[""] * width, f"broken line: {problem}", raw_row])
                else:
                    rows.writerow([*fields[:width], "", ""])


def _problem(line: str, fields: list[str] | None, width: int) -> str | None:
    if len(line.encode()) > MAXIMUM_LINE_BYTES:
        return f"longer than {MAXIMUM_LINE_BYTES:,} bytes"
    if fields is None:
        return "a quoted value is not closed" if line.count('"') % 2 else "misplaced quotes"
    # Delimiters after the last value add nothing; the SQL reader passes over them too.
    if len(fields) < width or any(fields[width:]):
        return f"{len(fields)} fields, the header has {width}"
    return None


class _Lines:
    """The physical lines of a text, without line ends, with a look ahead that is bounded."""

    def __init__(self, source: IO[str]) -> None:
        self._source = source
        self._ahead: deque[str] = deque()

    def __iter__(self) -> Iterator[str]:
        while (line := self._ahead.popleft() if self._ahead else self._read()) is not None:
            yield line

    def longer(self, line: str) -> Iterator[str]:
        """Yield `line` joined with what follows, up to each line that may close a quote it left open."""
        size = len(line)
        for count in range(1, _MAXIMUM_RECORD_LINES):
            if len(self._ahead) < count:
                following = self._read()
                if following is None:
                    return
                self._ahead.append(following)
            size += len(self._ahead[count - 1])
            if size * 4 > MAXIMUM_LINE_BYTES:
                return
            if '"' in self._ahead[count - 1]:
                yield "\n".join([line, *islice(self._ahead, count)])

    def skip(self, count: int) -> None:
        """Drop lines that `longer` has shown and that belong to a record just read."""
        for _ in range(count):
            self._ahead.popleft()

    def _read(self) -> str | None:
        line = self._source.readline(MAXIMUM_LINE_BYTES + 1)
        if not line:
            return None
        part = line
        # The rest of an overlong line is dropped: the line is rejected anyway, and memory stays bounded.
        while len(part) > MAXIMUM_LINE_BYTES and not part.endswith("\n"):
            part = self._source.readline(MAXIMUM_LINE_BYTES + 1)
        return line.removesuffix("\n")


def _field_pattern(delimiter: str) -> re.Pattern[str]:
    """Match one field as the SQL reader takes it: a quote within an unquoted value stands for itself."""
    separator = re.escape(delimiter)
    return re.compile(
        rf' ?"([^"]*(?:""[^"]*)*)" *({separator}|\Z)|(?! ?")([^{separator}\n]*)({separator}|\Z)'
    )


def _fields(text: str, field: re.Pattern[str]) -> list[str] | None:
    """Return a record's values; None where its quotes make no sense."""
    fields, position, follows = [], 0, "first"
    while follows:
        found = field.match(text, position)
        if found is None:
            return None
        quoted, after_quoted, plain, after_plain = found.groups()
        fields.append(plain if quoted is None else quoted.replace('""', '"'))
        follows, position = after_plain if quoted is None else after_quoted, found.end()
    return fields


def _names(line: str, delimiter: str) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in next(csv.reader([line], delimiter=delimiter), []))


def _open_bytes(extract: Extract) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(extract.path)) if extract.is_gzip else extract.path.open("rb")


def _encoding(extract: Extract) -> str:
    """Return the encoding after one look at every byte: an odd character may stand in the last line."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoding = "utf-8"
    with _open_bytes(extract) as stream:
        head = stream.read(_CHUNK_BYTES)
        if not head:
            raise LandingError(
                f"{extract.name}: cannot be read: the file is empty (0 bytes), not even a header"
            )
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if head.startswith(codecs.BOM_UTF8):
            encoding = "utf-8-sig"
        chunk = head
        while True:
            if b"\0" in chunk:
                raise LandingError(f"{extract.name}: cannot be read: NUL bytes; this is no text file")
            if encoding != "gb18030":
                try:
                    decoder.decode(chunk, final=not chunk)
                except UnicodeDecodeError:
                    encoding = "gb18030"
            if not chunk:
                break
            chunk = stream.read(_CHUNK_BYTES)
    return encoding


def _transcode(extract: Extract, encoding: str, target: Path) -> None:
    with (
        _open_bytes(extract) as packed,
        io.TextIOWrapper(packed, encoding=encoding, newline="") as source,
        target.open("w", encoding="utf-8", newline="") as copy,
    ):
        while text := source.read(_CHUNK_BYTES):
            if "\0" in text:
                raise LandingError(f"{extract.name}: cannot be read: NUL characters; this is no text file")
            copy.write(text)
