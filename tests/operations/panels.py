"""What the dashboard and the alerts ask Prometheus: their expressions, and the metrics in them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

DOCKER = Path(__file__).parents[2] / "docker"
DASHBOARD = DOCKER / "grafana/dashboards/ttmserve.json"
ALERTS = DOCKER / "prometheus/alerts.yml"
SCRAPES = DOCKER / "prometheus/prometheus.yml"
_METRIC = re.compile(r"\b(?:ttm|process)_[a-z_]+\b|\bup\b(?=[{ ])")


@dataclass(frozen=True)
class Query:
    """One expression, and the panel or alert that it belongs to."""

    owner: str
    expr: str

    @property
    def metrics(self) -> set[str]:
        """The series that it names."""
        return set(_METRIC.findall(re.sub(r'"[^"]*"', '""', self.expr)))


def panels() -> list[Query]:
    found = json.loads(DASHBOARD.read_text())["panels"]
    return [
        Query(panel["title"], target["expr"])
        for panel in found
        for target in panel.get("targets", ())
    ]


def alerts() -> list[Query]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [Query(rule["alert"], rule["expr"]) for group in groups for rule in group["rules"]]
