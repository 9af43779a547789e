"""Diagnosis: why nothing arrives at a collector, step by step.

``diagnosis`` puts everything together. ``surroundings`` and ``joined`` look at this process;
``examination`` goes the way of each signal: ``route`` reads the address, ``probes`` looks up,
connects and shakes hands, and ``over_http`` and ``over_grpc`` send what ``samples`` makes to the
``services`` of OTLP. ``steps`` names the steps, and ``hints`` says what a failure means.
"""

from otel_persona.diagnosis.diagnosis import Diagnosis, diagnose
from otel_persona.diagnosis.examination import Examination
from otel_persona.diagnosis.steps import STEPS

__all__ = ["STEPS", "Diagnosis", "Examination", "diagnose"]
