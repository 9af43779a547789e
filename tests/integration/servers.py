"""The real servers with the files that users start them with, and what each can be asked."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import yaml

from .otlp_json import Received, Span
from .recount import Figures
from .server_process import Server, free_ports, get

CONFIG = Path(__file__).parents[2] / "collector-config"


class Jaeger(Server):
    """Jaeger with its query API."""

    def __init__(self, folder: Path, *, otlp: int | None = None) -> None:
        free, self._query, query_grpc = free_ports(3)
        self.otlp = otlp or free
        super().__init__(
            "jaeger",
            *("--config", str(CONFIG / "jaeger.yaml")),
            folder=folder,
            JAEGER_OTLP=f"127.0.0.1:{self.otlp}",
            JAEGER_QUERY_HTTP=f"127.0.0.1:{self._query}",
            JAEGER_QUERY_GRPC=f"127.0.0.1:{query_grpc}",
            OTEL_TRACES_SAMPLER="always_off",  # else it sends traces of itself to port 4317
        )

    def wait(self) -> None:
        """Wait until it answers."""
        self.wait_until("it answers", lambda: get(self._query, "/api/services"))

    def services(self) -> list[str]:
        """Return the services that it has traces of."""
        found: list[str] = self._ask("/api/services") or []
        return found

    def search(self, service: str) -> list[dict[str, Any]]:
        """Return a service's traces, as its search page gets them."""
        all_times = {"start": "0", "end": f"{time.time_ns() // 1_000}"}
        found: list[dict[str, Any]] = self._ask(
            "/api/traces", service=service, limit="10000", **all_times
        )
        return found

    def search_as_page(self, query: str) -> list[dict[str, Any]]:
        """Return the traces that its search page shows for the query of the page's address."""
        asked = dict(parse_qsl(query))
        found: list[dict[str, Any]] = self._ask("/api/traces", **asked)
        return found

    def trace(self, trace_id: str) -> list[Span]:
        """Return the spans of one trace, in OTLP's own form."""
        answer = json.loads(get(self._query, f"/api/v3/traces/{trace_id}"))
        return Received([answer["result"]]).spans

    def _ask(self, path: str, **query: str) -> Any:
        return json.loads(get(self._query, path, **query))["data"]


class Collector(Server):
    """The OpenTelemetry Collector with the config that users get."""

    def __init__(self, folder: Path, *, jaeger: int) -> None:
        self.grpc, self.http, self.prometheus, self.own, self._health = free_ports(5)
        self._file = folder / "received.jsonl"
        config = CONFIG / "collector.yaml"
        self._exporters = {
            signal: pipeline["exporters"]
            for signal, pipeline in yaml.safe_load(config.read_text())["service"][
                "pipelines"
            ].items()
        }
        super().__init__(
            "otelcol",
            *("--config", str(config)),
            folder=folder,
            COLLECTOR_OTLP_GRPC=f"127.0.0.1:{self.grpc}",
            COLLECTOR_OTLP_HTTP=f"127.0.0.1:{self.http}",
            COLLECTOR_PROMETHEUS=f"127.0.0.1:{self.prometheus}",
            COLLECTOR_HEALTH=f"127.0.0.1:{self._health}",
            COLLECTOR_OWN_METRICS_HOST="127.0.0.1",
            COLLECTOR_OWN_METRICS_PORT=str(self.own),
            COLLECTOR_FILE=str(self._file),
            COLLECTOR_BATCH_TIMEOUT="100ms",
            JAEGER_OTLP=f"127.0.0.1:{jaeger}",
        )

    def wait(self) -> None:
        """Wait until it is healthy."""
        self.wait_until("it is healthy", lambda: get(self._health, "/"))

    def settle(self) -> None:
        """Wait until all that was accepted has been passed on by every exporter."""
        self.wait_until("all is passed on", self._is_settled)

    def _is_settled(self) -> bool:
        counts = self._own_counts()
        return all(
            counts[f"exporter_sent_{what}", exporter] == counts[f"receiver_accepted_{what}", "otlp"]
            for signal, what in (
                ("traces", "spans"),
                ("metrics", "metric_points"),
                ("logs", "log_records"),
            )
            for exporter in self._exporters[signal]
        )

    def _own_counts(self) -> Counter[tuple[str, str]]:
        """Return what it says of itself, by the metric's name and the receiver or exporter."""
        counts: Counter[tuple[str, str]] = Counter()
        for line in get(self.own, "/metrics").decode().splitlines():
            name, _, rest = line.removeprefix("otelcol_").partition("{")
            labels, _, value = rest.rpartition("} ")
            for label in labels.split(","):
                kind, _, component = label.partition("=")
                if kind in ("receiver", "exporter"):
                    counts[name, component.strip('"')] += int(float(value))
        return counts

    def holds(self, text: str) -> bool:
        """Return whether this text is in its file."""
        return text.encode() in self._file.read_bytes()

    def received(self) -> Received:
        """Return what is in its file."""
        return Received(json.loads(line) for line in self._file.read_bytes().splitlines())


class Prometheus(Server):
    """Prometheus, which reads the collector's metrics every second."""

    def __init__(self, folder: Path, *, collector: Collector) -> None:
        (self._port,) = free_ports(1)
        config = yaml.safe_load((CONFIG / "prometheus.yaml").read_text())
        config["global"]["scrape_interval"] = "1s"
        (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
        targets = yaml.safe_load((CONFIG / "prometheus-targets.yaml").read_text())
        ports = {"otel-persona": collector.prometheus, "collector": collector.own}
        for target in targets:
            target["targets"] = [f"127.0.0.1:{ports[target['labels']['job']]}"]
        (folder / "prometheus-targets.yaml").write_text(yaml.safe_dump(targets))
        super().__init__(
            "prometheus",
            "--config.file=prometheus.yaml",
            "--storage.tsdb.path=tsdb",
            f"--web.listen-address=127.0.0.1:{self._port}",
            folder=folder,
        )

    def wait(self) -> None:
        """Wait until it is ready."""
        self.wait_until("it is ready", lambda: get(self._port, "/-/ready"))

    def catch_up(self) -> None:
        """Wait until it has read the collector's metrics as they are now."""
        now = time.time()

        def has_read() -> bool:
            read = self.query('timestamp(up{job="otel-persona"})')
            return any(at > now for at in read.values())

        self.wait_until("the metrics are read", has_read)

    def query(self, promql: str, *labels: str) -> dict[tuple[str, ...], float]:
        """Evaluate now; return the values by the values of ``labels``."""
        result = self._ask("/api/v1/query", query=promql)["result"]
        return {
            tuple(sample["metric"].get(label, "") for label in labels): float(sample["value"][1])
            for sample in result
        }

    def figures(self, service: str, labels_of: Mapping[str, tuple[str, ...]]) -> Figures:
        """Return the sums of a service's metrics over its processes, by the labels given."""
        return {
            (metric, *values): value
            for metric, labels in labels_of.items()
            for values, value in self.query(
                f"sum by ({', '.join(labels)}) ({metric}{{job={json.dumps(service)}}})", *labels
            ).items()
        }

    def series(self, selector: str) -> list[Mapping[str, str]]:
        """Return the labels of every series selected."""
        found: list[Mapping[str, str]] = self._ask("/api/v1/series", **{"match[]": selector})
        return found

    def _ask(self, path: str, **query: str) -> Any:
        return json.loads(get(self._port, path, **query))["data"]


class Rotel(Server):
    """A second receiver, independent of the first; it passes on what it gets."""

    def __init__(self, folder: Path, *, to: int) -> None:
        self.grpc, self.http = free_ports(2)
        super().__init__(
            "rotel",
            "start",
            f"--otlp-grpc-endpoint=127.0.0.1:{self.grpc}",
            f"--otlp-http-endpoint=127.0.0.1:{self.http}",
            "--exporter=otlp",
            f"--otlp-exporter-endpoint=http://127.0.0.1:{to}",
            "--otel-resource-attributes=passed.on.by=rotel",
            f"--pid-file={folder / 'rotel.pid'}",
            f"--log-file={folder / 'rotel-agent.log'}",
            folder=folder,
        )

    def wait(self) -> None:
        """Wait until it takes connections."""
        self.wait_until("it listens", lambda: self.listens_on(self.grpc, self.http))
