"""Generates, flushes and shuts down as it is told on standard input, and answers each line."""

import itertools
import json
import os
import sys

import otel_persona as op

handle = op.configure(otlp=os.environ["SEND_TO"])
numbers = itertools.count()


@op.attempt(stage="B")
def generate(persona_id: str) -> None:
    """Make one attempt."""
    op.current_attempt().record_anchors(persona_id)


def obey(order: str, count: str = "") -> bool:
    """Do as told; return whether all of it went well."""
    if order == "generate":
        for _ in range(int(count)):
            generate(f"p-{next(numbers)}")
        return True
    return handle.force_flush(60) if order == "flush" else op.shutdown(60)


for line in sys.stdin:
    sys.stdout.write(json.dumps(obey(*line.split())) + "\n")
    sys.stdout.flush()
