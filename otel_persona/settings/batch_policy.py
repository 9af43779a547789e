"""How a stream of attempts is cut into batches."""

from __future__ import annotations

import re
from typing import Literal, cast

import msgspec

BatchKind = Literal["personas", "attempts", "sequence", "prefix", "time"]
BATCH_FORMS = "personas:N, attempts:N, sequence:N, prefix or time:60s (also m, h)"
BATCH_FORM = re.compile(
    r"\A(?:(personas|attempts|sequence):([1-9]\d{0,8})|(prefix)|(time):([1-9]\d{0,6})([smh]))\Z"
)
_SECONDS = {"s": 1, "m": 60, "h": 3600}


class BatchPolicy(msgspec.Struct, frozen=True):
    """How a stream of attempts is cut into batches.

    ``size`` counts distinct personas (``personas``, ``sequence``), attempts (``attempts``) or
    seconds (``time``); it is 0 for ``prefix``. ``personas`` and ``attempts`` cut by position in the
    stream; the others give each record a key.
    """

    kind: BatchKind
    size: int

    @classmethod
    def parse(cls, text: str) -> BatchPolicy:
        """Read a policy such as ``personas:1000``.

        Raises ``ValueError``, naming the valid forms, if ``text`` is not one.
        """
        form = BATCH_FORM.match(text)
        if form is None:
            raise ValueError(f"{text!r} is not a batch policy; write {BATCH_FORMS}")
        counted, size, prefix, _, duration, unit = form.groups()
        if counted:
            return cls(cast(BatchKind, counted), int(size))
        if prefix:
            return cls("prefix", 0)
        return cls("time", int(duration) * _SECONDS[unit])

    @property
    def is_keyed(self) -> bool:
        """Whether a record's batch follows from the record alone."""
        return self.kind in ("sequence", "prefix", "time")

    def __str__(self) -> str:
        """Write the policy in the form that ``parse`` reads."""
        if self.kind == "prefix":
            return "prefix"
        return f"time:{self.size}s" if self.kind == "time" else f"{self.kind}:{self.size}"
