"""Make a CycloneDX list of what an installed extra consists of: packages and weight files.

`python tools/supply/sbom.py [--extra server] [--out dist/sbom.cdx.json]`; validated, then written.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from supply.closure import ROOT, brought_by
from ttm_model.encoders.weights import table as weights_table

SPEC = "1.6"


class Invalid(Exception):
    """A list that does not follow the schema of CycloneDX."""


def environment() -> dict[str, Any]:
    """Everything that is installed beside this interpreter, as `cyclonedx-py` tells it."""
    command = ["cyclonedx-py", "environment", "--pyproject", str(ROOT / "pyproject.toml")]
    options = ["--of", "JSON", "--sv", SPEC, "--no-validate", sys.executable]
    found = Path(sys.executable).with_name(command[0])
    done = subprocess.run(
        [str(found), *command[1:], *options], capture_output=True, check=True, cwd=ROOT
    )
    return dict(json.loads(done.stdout))


def only(bom: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """The list without what is not among the canonical names, such as tools of development."""
    kept = [one for one in bom["components"] if canonicalize_name(one["name"]) in names]
    refs = {one["bom-ref"] for one in kept} | {bom["metadata"]["component"]["bom-ref"]}
    edges = [
        {**one, "dependsOn": [ref for ref in one.get("dependsOn", ()) if ref in refs]}
        for one in bom["dependencies"]
        if one["ref"] in refs
    ]
    return {**bom, "components": kept, "dependencies": edges}


def weights() -> list[dict[str, Any]]:
    """Every weight file as a component, with its digest and what is known of its licence."""
    return [
        {
            "type": "machine-learning-model",
            "bom-ref": f"weights/{row.name}",
            "name": row.name,
            "version": row.revision or row.sha256[:12],
            "description": f"{row.purpose}; in package {row.package}",
            "hashes": [{"alg": "SHA-256", "content": row.sha256}],
            "licenses": [{"license": {"name": row.licence}}],
        }
        for row in weights_table()
    ]


def check(bom: dict[str, Any]) -> None:
    """Raise Invalid unless the list follows CycloneDX's JSON schema to the letter."""
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bom))
    if error is not None:
        raise Invalid(str(error))


def main(arguments: list[str] | None = None) -> int:
    """Make it, check it, write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--extra", default="server")
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / "sbom.cdx.json")
    options = parser.parse_args(arguments)
    bom = only(environment(), set(brought_by(options.extra)))
    bom["components"] += weights()
    check(bom)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(bom, indent=1) + "\n", "utf-8")
    count = len(bom["components"])
    print(
        f"{options.out}: {count} components of ttmserve[{options.extra}], CycloneDX {SPEC}, valid"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
