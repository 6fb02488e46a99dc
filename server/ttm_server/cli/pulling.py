"""Fetches a publisher's copy of a file: resumed where it broke off, and kept only if it is that.

Knows HTTP and digests; no table and no terminal. Until its digest is checked a file has another
name, so what stands under the wanted name is whole and right, whenever the program ends.
"""

from __future__ import annotations

import hashlib
import os
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from ttm_protocol.errors import TTMError

ATTEMPTS = 5  # after each that brought nothing new
PAUSE_S = 0.5  # doubled after each of them
TIMEOUT_S = 30.0


class PullError(TTMError):
    """A file cannot be fetched, or is not the published one."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file and where it is published; with `member`, a zip archive there that holds it.

    `download_bytes` are those of what stands at `address`.
    """

    name: str
    address: str
    sha256: str
    size_bytes: int
    download_bytes: int
    member: str = ""


def pull(wanted: Wanted, target: Path, told: Callable[[int], None] = lambda _: None) -> None:
    """Put the file at `target`, fetching what is missing of it; `told` hears the bytes there.

    Raises `PullError` where the server cannot be reached or does not have it, and where what came
    is another file: that is thrown away, and what stood at `target` before is still there.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{wanted.sha256[:12]}.part")
    with httpx.Client(follow_redirects=True, timeout=TIMEOUT_S) as client:
        _fetch(client, wanted, part, told)
    whole = part
    if wanted.member:
        whole = part.with_suffix(".member")
        _extract(wanted, part, whole)
    found = _sha256(whole)
    if found != wanted.sha256:
        part.unlink(missing_ok=True)
        whole.unlink(missing_ok=True)
        raise PullError(
            f"{wanted.name}: {wanted.address} is not the published file: "
            f"expected sha256 {wanted.sha256}, found {found}"
        )
    os.replace(whole, target)
    part.unlink(missing_ok=True)


def _fetch(client: httpx.Client, wanted: Wanted, part: Path, told: Callable[[int], None]) -> None:
    """Fetch until every byte is there; each break is resumed from where it was."""
    failures = 0
    while (had := _size(part)) < wanted.download_bytes:
        try:
            _fetch_rest(client, wanted, part, had, told)
            problem = "the server sent no more"
        except httpx.HTTPError as error:
            problem = str(error) or type(error).__name__
        failures = 0 if _size(part) > had else failures + 1
        if failures == ATTEMPTS:
            raise PullError(
                f"{wanted.name}: {wanted.address} broke off at {_size(part)} of "
                f"{wanted.download_bytes} bytes: {problem}"
            )
        if _size(part) < wanted.download_bytes:
            time.sleep(PAUSE_S * 2**failures)


def _fetch_rest(
    client: httpx.Client, wanted: Wanted, part: Path, had: int, told: Callable[[int], None]
) -> None:
    # Not compressed: the bytes on the wire are then those of the file, and ranges are of them.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={had}-"} if had else {})
    with client.stream("GET", wanted.address, headers=headers) as response:
        if response.is_error and response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            part.unlink(missing_ok=True)  # a range that is refused would be refused again
            raise PullError(f"{wanted.name}: {wanted.address} answers {response.status_code}")
        response.raise_for_status()
        goes_on = response.status_code == httpx.codes.PARTIAL_CONTENT
        if goes_on and not response.headers.get("Content-Range", "").startswith(f"bytes {had}-"):
            raise PullError(f"{wanted.name}: {wanted.address} sent another range than was asked")
        there = had if goes_on else 0
        with part.open("ab" if goes_on else "wb") as file:
            for block in response.iter_raw():
                there += len(block)
                if there > wanted.download_bytes:
                    file.close()
                    part.unlink()
                    raise PullError(
                        f"{wanted.name}: {wanted.address} is not the published file: "
                        f"longer than {wanted.download_bytes} bytes"
                    )
                file.write(block)
                told(there)
            file.flush()
            os.fsync(file.fileno())


def _extract(wanted: Wanted, archive: Path, target: Path) -> None:
    """Copy one file out of a zip archive, no more of it than it should have."""
    try:
        with (
            zipfile.ZipFile(archive) as held,
            held.open(wanted.member) as source,
            target.open("wb") as file,
        ):
            file.write(source.read(wanted.size_bytes + 1))
            file.flush()
            os.fsync(file.fileno())
    except (zipfile.BadZipFile, KeyError) as error:
        archive.unlink(missing_ok=True)
        raise PullError(
            f"{wanted.name}: {wanted.address}: no {wanted.member} in it: {error}"
        ) from None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
