"""The doctor names the step of the way that fails: address, name, connection, TLS."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme

from otel_persona.diagnosis import Diagnosis

Failures = Callable[..., list[tuple[str, str, str]]]
Server = Callable[..., Any]

OVER = {"http": "http/protobuf", "grpc": "grpc"}


@pytest.mark.parametrize(
    ("protocol", "address", "reason"),
    [
        ("http/protobuf", "localhost:4318", "must begin with http:// or https://"),
        ("http/protobuf", "grpc://localhost:4317", "must begin with http:// or https://"),
        ("http/protobuf", "http://", "names no host"),
        ("http/protobuf", "http://my host:4318", "names no host"),
        ("http/protobuf", "http://localhost:port", "cannot be read: a port is a number"),
        ("http/protobuf", "http://[::1:4318", "an IPv6 host stands in brackets"),
        ("grpc", "http://localhost:99999", "cannot be read: a port is a number up to 65535"),
    ],
)
def test_an_address_that_no_exporter_could_use(
    failures: Failures, protocol: str, address: str, reason: str
) -> None:
    """The variable is named, and an address that would be right."""
    variables = {
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": address,
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
    }
    [(step, said, hints)] = failures(**variables)

    assert step == "address"
    assert reason in said
    assert repr(address) in said
    assert "correct OTEL_EXPORTER_OTLP_TRACES_ENDPOINT; right is" in hints


def test_a_wrong_address_keeps_its_secrets(failures: Failures) -> None:
    """A password with a slash in it makes an address that cannot be read."""
    found = failures(OTEL_EXPORTER_OTLP_ENDPOINT="http://me:SECRET/SECRET@collector:4318")
    assert [step for step, _, _ in found] == ["address"] * 3
    assert "SECRET" not in repr(found)


@pytest.mark.parametrize(
    ("protocol", "variable", "value", "right"),
    [
        ("grpc", "COMPRESSION", "snappy", "over grpc write none or gzip, or leave it out"),
        ("grpc", "COMPRESSION", "deflate", "over grpc write none or gzip, or leave it out"),
        ("http/protobuf", "COMPRESSION", "zstd", "write none, gzip or deflate, or leave it out"),
        ("http/protobuf", "TIMEOUT", "10s", "write seconds, such as 10"),
        ("grpc", "TRACES_TIMEOUT", "0", "write seconds, such as 10"),
    ],
)
def test_an_option_that_no_exporter_could_use(
    failures: Failures, protocol: str, variable: str, value: str, right: str
) -> None:
    """The exporters fall back to another value with a warning, or make set-up fail."""
    variables = {
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://localhost",
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        f"OTEL_EXPORTER_OTLP_{variable}": value,
    }
    [(step, said, _)] = failures(**variables)

    assert step == "address"
    assert said.startswith(f"OTEL_EXPORTER_OTLP_{variable}: {value!r} is not right; ")
    assert said.endswith(right)


@pytest.mark.parametrize("protocol", OVER)
def test_a_name_that_nobody_knows(failures: Failures, protocol: str) -> None:
    """The lookup fails, and no connection is tried."""
    found = failures(f"{protocol}://no-such-host.invalid:4318")

    assert [step for step, _, _ in found] == ["DNS"] * 3
    assert "'no-such-host.invalid'" in found[0][1]


@pytest.mark.parametrize("protocol", OVER)
def test_a_port_that_nothing_listens_at(
    failures: Failures, closed_port: int, protocol: str
) -> None:
    """The connection is refused."""
    found = failures(f"{protocol}://127.0.0.1:{closed_port}")

    assert [step for step, _, _ in found] == ["connection"] * 3
    assert f"nothing listens at 127.0.0.1, port {closed_port}" in found[0][1]


@pytest.mark.parametrize("protocol", OVER)
def test_a_port_that_never_answers(failures: Failures, silent_port: int, protocol: str) -> None:
    """The connection is made, and then nothing comes back in time."""
    found = failures(f"{protocol}://127.0.0.1:{silent_port}", timeout_s=0.5)

    assert [step for step, _, _ in found] == ["answer"] * 3
    assert found[0][1] == "no answer within 0.5 s"


def test_tls_that_never_begins(failures: Failures, silent_port: int) -> None:
    """A server that waits for plain text to come does not shake hands."""
    found = failures(f"https://127.0.0.1:{silent_port}", timeout_s=0.5)

    assert [step for step, _, _ in found] == ["TLS"] * 3
    assert found[0][1] == "the server does not shake hands within 0.5 s"


def _secure(protocol: str, port: int) -> dict[str, str]:
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"https://127.0.0.1:{port}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": OVER[protocol],
    }


@pytest.fixture(params=OVER)
def secure_server(
    request: pytest.FixtureRequest,
    http_server: Server,
    grpc_server: Server,
    tls: ssl.SSLContext,
    authority: trustme.CA,
) -> dict[str, str]:
    """Start a server with TLS for each protocol, and give the variables that lead to it."""
    if request.param == "http":
        port, _ = http_server(context=tls)
    else:
        own = authority.issue_cert("127.0.0.1")
        chain = b"".join(blob.bytes() for blob in own.cert_chain_pems)
        port, _ = grpc_server(
            credentials=grpc.ssl_server_credentials([(own.private_key_pem.bytes(), chain)])
        )
    return _secure(request.param, port)


def test_a_certificate_that_nobody_trusts(
    failures: Failures, secure_server: dict[str, str]
) -> None:
    """It is told from other failures of TLS, with the variable that would help."""
    found = failures(**secure_server)

    assert [step for step, _, _ in found] == ["TLS"] * 3
    assert found[0][1].startswith("the server's certificate is not trusted: ")
    assert "OTEL_EXPORTER_OTLP_CERTIFICATE" in found[0][2]


def test_a_certificate_that_is_named_is_trusted(
    doctor: Callable[..., Diagnosis],
    secure_server: dict[str, str],
    authority: trustme.CA,
    tmp_path: Path,
) -> None:
    """Then everything arrives."""
    trusted = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(trusted)
    diagnosis = doctor(OTEL_EXPORTER_OTLP_CERTIFICATE=str(trusted), **secure_server)

    assert diagnosis.is_healthy
    for examination in diagnosis.examinations:
        assert ("TLS", "TLSv1.3") in examination.steps


@pytest.mark.parametrize("protocol", OVER)
def test_a_server_that_wants_a_certificate_of_ours(
    doctor: Callable[..., Diagnosis],
    http_server: Server,
    grpc_server: Server,
    authority: trustme.CA,
    tmp_path: Path,
    protocol: str,
) -> None:
    """Without one the way ends at TLS or at the answer; with the one that is named it does not."""
    trusted, key, chain = (tmp_path / name for name in ("authority.pem", "key.pem", "chain.pem"))
    authority.cert_pem.write_to_path(trusted)
    client = authority.issue_cert("client@example.org")
    client.private_key_pem.write_to_path(key)
    client.cert_chain_pems[0].write_to_path(chain)
    server = authority.issue_cert("127.0.0.1")
    if protocol == "http":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.verify_mode = ssl.CERT_REQUIRED
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # asks while shaking hands
        authority.configure_trust(context)
        server.configure_cert(context)
        port, _ = http_server(context=context)
    else:
        pair = (server.private_key_pem.bytes(), server.cert_chain_pems[0].bytes())
        root = authority.cert_pem.bytes()
        port, _ = grpc_server(credentials=grpc.ssl_server_credentials([pair], root, True))
    variables = _secure(protocol, port) | {"OTEL_EXPORTER_OTLP_CERTIFICATE": str(trusted)}

    for examination in doctor(**variables).examinations:
        assert examination.failure is not None
        assert examination.failure.step in ("TLS", "answer")
    assert doctor(
        OTEL_EXPORTER_OTLP_CLIENT_KEY=str(key),
        OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE=str(chain),
        **variables,
    ).is_healthy


def test_a_certificate_that_cannot_be_read(
    failures: Failures, secure_server: dict[str, str], tmp_path: Path
) -> None:
    """The file is named."""
    missing = str(tmp_path / "nowhere.pem")
    found = failures(OTEL_EXPORTER_OTLP_CERTIFICATE=missing, **secure_server)

    assert [step for step, _, _ in found] == ["TLS"] * 3
    assert missing in found[0][1]


@pytest.mark.parametrize("protocol", OVER)
def test_plain_text_where_tls_is_expected(
    failures: Failures, http_server: Server, grpc_server: Server, protocol: str
) -> None:
    """``https://`` to a plain server."""
    port, received = (http_server if protocol == "http" else grpc_server)()
    found = failures(**_secure(protocol, port))

    assert [step for step, _, _ in found] == ["TLS"] * 3
    assert "write http:// in place of https://" in found[0][2]
    assert received == []


def test_tls_where_plain_text_is_expected(
    failures: Failures, secure_server: dict[str, str]
) -> None:
    """``http://`` to a server that speaks TLS."""
    plain = secure_server["OTEL_EXPORTER_OTLP_ENDPOINT"].replace("https://", "http://")
    found = failures(**secure_server | {"OTEL_EXPORTER_OTLP_ENDPOINT": plain})

    assert [step for step, _, _ in found] == ["answer"] * 3
    assert "the server speaks TLS" in found[0][2]


def test_grpc_to_a_secure_port_for_http(
    failures: Failures,
    http_server: Server,
    tls: ssl.SSLContext,
    authority: trustme.CA,
    tmp_path: Path,
) -> None:
    """A server that does not offer HTTP/2 cannot take gRPC."""
    trusted = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(trusted)
    port, _ = http_server(context=tls)
    found = failures(**_secure("grpc", port), OTEL_EXPORTER_OTLP_CERTIFICATE=str(trusted))

    assert [step for step, _, _ in found] == ["TLS"] * 3
    assert found[0][1] == "the server does not offer HTTP/2, which gRPC needs"


def test_the_other_protocols_port(
    failures: Failures, http_server: Server, grpc_server: Server
) -> None:
    """Each protocol says what the other one would be called."""
    for found, hint in (
        (failures(f"http://127.0.0.1:{grpc_server()[0]}"), "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"),
        (
            failures(f"grpc://127.0.0.1:{http_server()[0]}"),
            "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
        ),
    ):
        assert [step for step, _, _ in found] == ["answer"] * 3
        assert hint in found[0][2]


@pytest.mark.parametrize(
    ("protocol", "address", "hint"),
    [
        ("http/protobuf", "http://no-such-host.invalid:4317", "port 4317 is usually gRPC's"),
        ("grpc", "http://no-such-host.invalid:4318", "port 4318 is usually that of OTLP/HTTP"),
        ("http/protobuf", "http://no-such-host.invalid/v1/traces", "ends in a signal's path"),
        (
            "grpc",
            "no-such-host.invalid:1",
            "does not begin with http:// or https://, so it is encrypted",
        ),
        ("grpc", "grpc://no-such-host.invalid:1", "does not begin with http:// or https://"),
    ],
)
def test_habits_are_hinted_at(failures: Failures, protocol: str, address: str, hint: str) -> None:
    """What often goes wrong is said where something failed."""
    found = failures(OTEL_EXPORTER_OTLP_ENDPOINT=address, OTEL_EXPORTER_OTLP_PROTOCOL=protocol)
    assert hint in found[0][2]


def test_an_empty_variable_is_an_address_over_grpc(failures: Failures) -> None:
    """The exporter for gRPC takes it for one, and nothing goes anywhere."""
    found = failures(OTEL_TRACES_EXPORTER="otlp", OTEL_EXPORTER_OTLP_ENDPOINT="")
    assert [(step, reason) for step, reason, _ in found] == [("address", "'' names no host")]


def test_a_signals_own_endpoint_is_taken_as_it_stands(failures: Failures, closed_port: int) -> None:
    """The path is not added to it."""
    [(_, _, hints)] = failures(
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"http://127.0.0.1:{closed_port}",
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
    )
    assert "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is taken as it stands; the usual path is" in hints


@pytest.mark.parametrize("protocol", OVER)
def test_a_proxy_in_between(
    failures: Failures, closed_port: int, silent_port: int, protocol: str
) -> None:
    """The connection that fails is the one to the proxy, whose password stays unseen."""
    found = failures(
        f"{protocol}://127.0.0.1:{silent_port}",
        http_proxy=f"http://me:SECRET@127.0.0.1:{closed_port}",
    )

    assert [step for step, _, _ in found] == ["connection"] * 3
    assert f"port {closed_port}" in found[0][1]
    assert f"goes through the proxy http://***@127.0.0.1:{closed_port}; NO_PROXY" in found[0][2]
    assert "SECRET" not in repr(found)


@pytest.mark.parametrize("protocol", OVER)
def test_a_proxy_with_a_wrong_address(failures: Failures, protocol: str) -> None:
    """It is told from a wrong address of the collector."""
    found = failures(f"{protocol}://127.0.0.1:1", http_proxy="http://proxy:port")

    assert [step for step, _, _ in found] == ["address"] * 3
    assert "the address of the proxy 'http://proxy:port' cannot be read" in found[0][1]


def test_a_proxy_that_does_not_connect(
    failures: Failures, http_server: Server, closed_port: int
) -> None:
    """A server that knows no CONNECT, on the way to one that speaks TLS."""
    port, _ = http_server()
    found = failures(f"https://127.0.0.1:{closed_port}", https_proxy=f"http://127.0.0.1:{port}")

    assert [step for step, _, _ in found] == ["answer"] * 3
    assert f"the proxy http://127.0.0.1:{port} does not connect: " in found[0][1]
    assert "501" in found[0][1]


@pytest.mark.parametrize("protocol", OVER)
def test_no_proxy_is_heeded(
    doctor: Callable[..., Diagnosis],
    http_server: Server,
    grpc_server: Server,
    closed_port: int,
    protocol: str,
) -> None:
    """As the exporters do."""
    port, _ = (http_server if protocol == "http" else grpc_server)()
    proxies = {"http_proxy": f"http://127.0.0.1:{closed_port}", "no_proxy": "127.0.0.1"}
    assert doctor(f"{protocol}://127.0.0.1:{port}", **proxies).is_healthy
