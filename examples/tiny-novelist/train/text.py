"""The text: six novels by Jane Austen, fetched from Debian, as chapters of paragraphs.

    python text.py WORK        writes WORK/chapters.json

Debian's package r-cran-janeaustenr holds the lines of the novels as vectors of R, in R's own
format (R Internals, sections 1.8 and "Lazy-load databases").
"""

import hashlib
import json
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path

PACKAGE = "r-cran-janeaustenr"
DATA = "usr/lib/R/site-library/janeaustenr/data"
# The chapters, so that another version of the package cannot change the text unseen.
SHA256 = "7c6bacd8db70ff4aee948a64c902bbe99f70b6f1c6461d5b5d9925ad81833ee8"

HEADING = re.compile(r"chapter \w+\.?", re.IGNORECASE)
# Lines that are not the author's prose.
APPARATUS = re.compile(r"volume \w+\.?|finis|the end|[* ]+", re.IGNORECASE)
# A publisher's note follows the end of Northanger Abbey.
AFTERWORD = "A NOTE ON THE TEXT"


def main(work: Path) -> None:
    work.mkdir(parents=True, exist_ok=True)
    root = fetch(work)
    chapters = [chapter for lines in novels(root / DATA) for chapter in chapters_of(lines)]
    text = json.dumps(chapters, ensure_ascii=False, indent=0)
    digest = hashlib.sha256(text.encode()).hexdigest()
    if digest != SHA256:
        sys.exit(f"expected chapters with SHA-256 {SHA256}, got {digest}")
    (work / "chapters.json").write_text(text, encoding="utf-8")
    size = sum(len(paragraph) for chapter in chapters for paragraph in chapter)
    print(f"{len(chapters)} chapters, {size} characters, SHA-256 {digest}")


def fetch(work: Path) -> Path:
    """Downloads and unpacks the package without installing it."""
    root = work / "package"
    if not root.exists():
        subprocess.run(["apt-get", "download", PACKAGE], cwd=work, check=True)
        [archive] = work.glob(f"{PACKAGE}_*.deb")
        subprocess.run(["dpkg", "-x", archive, root], check=True)
    return root


def novels(data: Path) -> list[list[str]]:
    """The lines of each novel. Rdata.rdb holds them one after another, ordered by name."""
    blob = (data / "Rdata.rdb").read_bytes()
    found = []
    at = 0
    while at < len(blob):
        # Each is the size that it unpacks to, then a zlib stream.
        unpacker = zlib.decompressobj()
        found.append(r_strings(unpacker.decompress(blob[at + 4 :])))
        at = len(blob) - len(unpacker.unused_data)
    return found


def r_strings(data: bytes) -> list[str]:
    """A vector of strings in R's XDR serialisation, version 3."""
    assert data[:6] == b"X\n\0\0\0\3", "expected R's XDR serialisation, version 3"
    # After the versions of the format, its writer and its oldest reader: the encoding's name.
    at = 18 + struct.unpack_from(">i", data, 14)[0]
    kind, count = struct.unpack_from(">ii", data, at)
    assert kind & 0xFF == 16, "expected a vector of strings"
    at += 8
    strings = []
    for _ in range(count):
        size = struct.unpack_from(">i", data, at + 4)[0]
        at += 8
        strings.append(data[at : at + size].decode())
        at += size
    return strings


def chapters_of(lines: list[str]) -> list[list[str]]:
    """Paragraphs in single lines, by chapter, without title pages and headings."""
    chapters: list[list[str]] = []
    paragraph: list[str] = []
    for line in [*lines, ""]:
        line = line.strip().replace("_", "")
        if line == AFTERWORD:
            break
        if HEADING.fullmatch(line):
            chapters.append([])
        elif line and not APPARATUS.fullmatch(line):
            paragraph.append(line)
            continue
        if paragraph and chapters:
            chapters[-1].append(re.sub(r"\s+", " ", " ".join(paragraph)))
        paragraph = []
    return chapters


if __name__ == "__main__":
    main(Path(sys.argv[1]))
