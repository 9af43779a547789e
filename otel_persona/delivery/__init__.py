"""Delivery: the way to a collector, which may be slow, dead, or gone for a while.

The SDK's own exporters send; here is what they leave open. ``losses`` counts what did not arrive
and tells it once, ``hearing`` keeps the exporters' own log from repeating it, ``counted_exporter``
puts both around an exporter and makes it anew in a forked child. ``queues`` hold spans and events
until they are sent, ``metric_reader`` collects metrics at an interval, and ``variables`` says how
often.
"""

from otel_persona.delivery.losses import Signal, loss_counter, losses
from otel_persona.delivery.metric_reader import SendingMetricReader
from otel_persona.delivery.queues import EventQueue, SpanQueue

__all__ = ["EventQueue", "SendingMetricReader", "Signal", "SpanQueue", "loss_counter", "losses"]
