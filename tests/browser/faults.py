"""Asks axe-core which accessibility faults a page has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
_RUN = "() => axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations)"


async def serious_faults(page: Any) -> list[str]:
    """Every violation that axe calls serious or critical, one line each."""
    if not await page.evaluate("() => Boolean(globalThis.axe)"):
        await page.evaluate(AXE.read_text("utf-8"))
    found = await page.evaluate(_RUN)
    return [
        f"{fault['id']}: {node['target']} {node.get('failureSummary', '')}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]
