"""Sends one request over HTTP, once, and reads the server's answer.

The SDK's exporters send again after a failure, take a redirect for success, and pass over what a
successful answer says; a diagnosis wants to see all of that.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import msgspec
import requests
from google.protobuf.json_format import Parse, ParseError
from google.protobuf.message import DecodeError, Message
from google.rpc.status_pb2 import Status

from otel_persona.diagnosis.hints import ENCRYPTED, HEADERS, IS_GRPC, OF_HTTP_STATUS, SILENT
from otel_persona.diagnosis.probes import speaks_tls
from otel_persona.diagnosis.route import Route
from otel_persona.diagnosis.services import SERVICES
from otel_persona.diagnosis.steps import Step, StepFailed
from otel_persona.masking import masked_address
from otel_persona.setup.destinations import Destination

_LONGEST = 300
_COMPRESS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress}


def send(
    destination: Destination, route: Route, request: Message, timeout_s: float
) -> tuple[Step, Message]:
    """Send; returns the step taken and the response. Raises ``StepFailed``."""
    answer = _post(destination, route, request, timeout_s)
    status = f"HTTP {answer.status_code} {answer.reason}"
    if answer.is_redirect:
        raise StepFailed(
            "answer",
            f"{status}: the server points to {masked_address(answer.headers['location'])}",
            "set that address: the exporters do not follow it, and take this answer for success",
        )
    if answer.status_code // 100 != 2:
        said = _said(answer)
        hint = _hint(destination, route, answer.status_code, timeout_s)
        raise StepFailed("answer", f"{status}{said and ': '}{said}", *filter(None, [hint]))
    return Step("answer", status), _response(destination, answer)


def _hint(destination: Destination, route: Route, status: int, timeout_s: float) -> str | None:
    # Some servers answer plain text at a port for TLS, with this status.
    if status == requests.codes.bad_request and _is_encrypted(destination, route, timeout_s):
        return ENCRYPTED
    return OF_HTTP_STATUS.get(status)


def _post(
    destination: Destination, route: Route, request: Message, timeout_s: float
) -> requests.Response:
    try:
        with requests.Session() as session:
            certificate, key, chain = destination.credentials
            session.verify = certificate or True
            session.cert = (chain, key) if chain and key else chain
            return session.post(
                destination.address.value,
                data=_body(destination, request),
                headers=_headers(destination),
                timeout=timeout_s,
                allow_redirects=False,
            )
    except (requests.exceptions.InvalidHeader, UnicodeError) as error:
        raise StepFailed("answer", HEADERS, f"correct {destination.headers.origin}") from error
    except requests.Timeout as error:
        raise StepFailed("answer", f"no answer within {timeout_s:g} s", SILENT) from error
    except requests.exceptions.ProxyError as error:
        reason = f"the proxy {route.proxy} does not connect: {_cause(error)}"
        raise StepFailed("answer", reason) from error
    except requests.exceptions.SSLError as error:
        raise StepFailed("TLS", f"no encrypted connection: {_cause(error)}") from error
    except requests.RequestException as error:
        raise StepFailed(
            "answer",
            "what listens there does not answer in HTTP",
            ENCRYPTED if _is_encrypted(destination, route, timeout_s) else IS_GRPC,
        ) from error


def _body(destination: Destination, request: Message) -> bytes:
    compress = _COMPRESS.get(_compression(destination), bytes)
    return compress(request.SerializeToString())


def _headers(destination: Destination) -> dict[str, str]:
    headers = {"content-type": "application/x-protobuf", **destination.headers.value}
    compression = _compression(destination)
    if compression in _COMPRESS:
        headers.setdefault("content-encoding", compression)
    return headers


def _compression(destination: Destination) -> str:
    return destination.compression.value.strip().lower()


def _is_encrypted(destination: Destination, route: Route, timeout_s: float) -> bool:
    is_plain = not destination.is_secure and route.proxy is None
    return is_plain and speaks_tls(route, timeout_s)


def _response(destination: Destination, answer: requests.Response) -> Message:
    """Read a successful answer; an empty one is a response with nothing in it."""
    kind = answer.headers.get("content-type", "")
    response = SERVICES[destination.signal].response()
    try:
        if "json" in kind:
            _parse_json(answer.content or b"{}", response)
        else:
            response.MergeFromString(answer.content)
    except (DecodeError, ParseError, msgspec.DecodeError, TypeError) as error:
        raise StepFailed(
            "answer",
            f"HTTP {answer.status_code}, but not from an OTLP receiver ({kind or 'of no type'})",
            "a web server or a login page may stand there; the exporters take it for success",
        ) from error
    return response


def _parse_json(content: bytes, response: Message) -> None:
    """Read an answer in JSON; a health check's, say, has fields, but none of a response."""
    fields = msgspec.json.decode(content)
    if fields and not {"partialSuccess", "partial_success"}.intersection(fields):
        raise ParseError("no field of a response")
    Parse(content, response, ignore_unknown_fields=True)


def _said(answer: requests.Response) -> str:
    """Return what the server says about its refusal, in one line."""
    text = answer.text
    if "protobuf" in answer.headers.get("content-type", ""):
        try:
            text = Status.FromString(answer.content).message
        except DecodeError:
            text = ""
    elif "html" in answer.headers.get("content-type", ""):
        text = ""
    return " ".join(text.split())[:_LONGEST]


def _cause(error: BaseException) -> str:
    """Return the innermost exception's own words, without the address around them."""
    cause = error
    while cause.__context__ is not None:
        cause = cause.__context__
    return str(cause) or type(cause).__name__
