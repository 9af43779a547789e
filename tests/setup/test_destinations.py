"""Destinations are where the SDK's exporters send: each is compared with the exporter made."""

from __future__ import annotations

import os
from operator import attrgetter
from typing import Any

import grpc
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from otel_persona.setup.destinations import (
    SIGNALS,
    Destination,
    Sourced,
    destination_of,
    exporters_named,
)
from otel_persona.setup.exporter_factories import exporter_factories


def _variables(what: str, values: list[str]) -> st.SearchStrategy[dict[str, str]]:
    names = [f"OTEL_EXPORTER_OTLP_{part}{what}" for part in ("", "TRACES_", "METRICS_", "LOGS_")]
    return st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name in names})


ENDPOINTS = [
    "http://127.0.0.1:4318",
    "http://127.0.0.1:4318/",
    "https://127.0.0.1:4317/below",
    "127.0.0.1:4317",
    "grpc://127.0.0.1:4317",
    "",
]
VARIABLES = st.tuples(
    _variables("ENDPOINT", ENDPOINTS),
    _variables("PROTOCOL", ["grpc", "http/protobuf", " http/protobuf "]),
    _variables("HEADERS", ["authorization=Bearer%20x,Key = a=b", "k=v"]),
    _variables("COMPRESSION", ["gzip", " GZIP "]),
    _variables("TIMEOUT", ["2.5", "20"]),
    _variables("INSECURE", ["true", "FALSE"]),
    st.fixed_dictionaries(
        {},
        optional={
            f"OTEL_{signal.upper()}_EXPORTER": st.sampled_from(
                ["otlp", "otlp_proto_http", "otlp_proto_grpc", "none", " otlp , console ", ""]
            )
            for signal in SIGNALS
        },
    ),
).map(lambda parts: {name: value for part in parts for name, value in part.items()})
OTLP = st.sampled_from(
    [None, "http://127.0.0.1:4318", "https://127.0.0.1:4318/x/", "grpc://127.0.0.1:4317"]
)


@pytest.fixture
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in os.environ:
        if variable.startswith("OTEL_"):
            monkeypatch.delenv(variable)


@pytest.mark.usefixtures("_no_variables")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(variables=VARIABLES, otlp=OTLP)
@example({"OTEL_EXPORTER_OTLP_INSECURE": "false"}, "grpc://127.0.0.1:4317")
@example({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": ""}, None)
def test_a_destination_is_that_of_the_exporter(variables: dict[str, str], otlp: str | None) -> None:
    """Endpoint, protocol, headers, compression, timeout and encryption, for every signal."""
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in variables.items():
            patch.setenv(variable, value)
        given_otlp = Sourced(otlp, "--otlp") if otlp else None
        for signal in SIGNALS:
            named = [name for name in exporters_named(signal, given_otlp) if name.value != "none"]
            made = [make() for make in exporter_factories(signal, otlp)]
            assert len(made) == len(named)
            for exporter, name in zip(made, named, strict=True):
                destination = destination_of(signal, name, given_otlp)
                if name.value == "console":
                    assert destination is None
                else:
                    assert destination is not None
                    assert _shown(destination) == _of_exporter(exporter)
                exporter.shutdown()


def _shown(destination: Destination) -> tuple[Any, ...]:
    address, compression = destination.address.value, destination.compression.value
    if destination.protocol.value == "grpc":
        address = address.partition("://")[2].partition("/")[0] or address
    return (
        destination.protocol.value,
        address,
        dict(destination.headers.value),
        compression.strip().lower(),
        float(destination.timeout_s.value),
        destination.is_secure,
    )


def _of_exporter(exporter: Any) -> tuple[Any, ...]:
    """Read what the SDK's exporter keeps to itself."""
    if "grpc" in type(exporter).__module__:
        endpoint, headers, compression, timeout, insecure = attrgetter(
            "_endpoint", "_headers", "_compression", "_timeout", "_insecure"
        )(exporter)
        is_gzip = compression == grpc.Compression.Gzip
        kind = "gzip" if is_gzip else "none"
        return "grpc", endpoint, dict(headers), kind, timeout, not insecure
    endpoint, headers, compression, timeout = attrgetter(
        "_endpoint", "_client._headers", "_compression", "_client._timeout"
    )(exporter)
    own = ("content-type", "user-agent", "content-encoding")
    sent = {name: value for name, value in headers.items() if name.lower() not in own}
    is_secure = endpoint.startswith("https://")
    return "http/protobuf", endpoint, sent, compression.value, timeout, is_secure


@pytest.mark.usefixtures("_no_variables")
def test_each_value_says_where_it_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal's own variable beats the one for all; what nobody set is the default."""
    for variable, value in {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_HEADERS": "a=b",
        "OTEL_EXPORTER_OTLP_LOGS_HEADERS": "c=d",
    }.items():
        monkeypatch.setenv(variable, value)
    [name] = exporters_named("logs", None)
    logs = destination_of("logs", name, None)

    assert logs is not None
    assert logs.address == ("http://127.0.0.1:4318/v1/logs", "OTEL_EXPORTER_OTLP_ENDPOINT")
    assert logs.protocol == ("http/protobuf", "OTEL_EXPORTER_OTLP_PROTOCOL")
    assert logs.headers == ({"c": "d"}, "OTEL_EXPORTER_OTLP_LOGS_HEADERS")
    assert logs.compression == ("none", "default")
    assert logs.timeout_s == ("10", "default")
