"""One process that generates: ``generate.py GROUP COUNT [OTLP]``; the environment does the rest."""

import sys

import personas

import otel_persona as op

group, count, *otlp = sys.argv[1:]
op.configure(clock=personas.clock, otlp=otlp[0] if otlp else None)
personas.generate(group, int(count))
sys.exit(0 if op.shutdown(30) else "not everything was sent")
