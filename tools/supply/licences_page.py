"""The page with the licences of all that ttmserve brings: packages, libraries inside, weights."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from packaging.version import Version

from pages.markdown import MADE, code, table
from supply.closure import brought_by, extras
from supply.licences import NATIVE, PROGRAMS, VENDOR, is_allowed, licence_of
from ttm_model.encoders.weights import table as weights_table

PLATFORM = ("Linux", "x86_64", (3, 11))  # what the page is made on: dependencies differ elsewhere
_PLAIN = "client"
DEVELOPMENT = {"docs", "audit", "dev"}
OF_PYTHON = ("pip", "setuptools")  # come with a virtual environment, in its own versions
_BY_HAND = Path(__file__).with_name("licences_page.md")


def here() -> bool:
    """Whether this is the platform that the page tells of."""
    return (platform.system(), platform.machine(), sys.version_info[:2]) == PLATFORM


def page() -> str:
    """The whole page; raises UnknownLicence or PackageNotFoundError."""
    rows = [
        (code(name), version, licence_of(name)[0], ", ".join(used), licence_of(name)[1])
        for name, (version, used) in packages().items()
    ]
    native = [(code(one.package), one.what, one.licence) for one in NATIVE]
    seen: dict[str, tuple[str, ...]] = {}
    for weights in weights_table():
        seen[weights.model] = (weights.model, weights.purpose, weights.licence, weights.package)
    text = _BY_HAND.read_text("utf-8")
    for mark, made in (
        ("packages", table(("package", "version", "licence", "comes with", ""), rows)),
        ("native", table(("package", "library", "licence"), native)),
        ("weights", table(("weights", "for", "licence", "package"), seen.values())),
    ):
        text = text.replace(f"<<{mark}>>\n", made)
    return MADE + text


def packages() -> dict[str, tuple[str, list[str]]]:
    """Every package with its version, and what brings it: extras, `client` the plain install."""
    found: dict[str, tuple[str, list[str]]] = {}
    for extra in extras():
        for name, version in brought_by(extra).items():
            if not name.startswith(VENDOR) and name not in OF_PYTHON:
                _, used = found.setdefault(name, (Version(version).public, []))
                used.append(extra or _PLAIN)
    for name, (version, used) in found.items():
        if _PLAIN in used:
            found[name] = (version, [_PLAIN])  # so with every extra
    return dict(sorted(found.items()))


def refused() -> list[str]:
    """Packages with a licence that is not on the list; programs of development may have any."""
    return [
        name
        for name, (_, used) in packages().items()
        if not is_allowed(licence_of(name)[0])
        and not (name in PROGRAMS and set(used) <= DEVELOPMENT)
    ]
