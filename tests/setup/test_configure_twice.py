"""A later ``configure`` takes the place of an earlier one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Run = Callable[..., Any]
Lines = Callable[..., Any]


def _ids(records: Any) -> list[str]:
    return [record.persona_id for record in records]


def test_each_attempt_has_one_line_in_the_log_of_its_time(run: Run, lines: Lines) -> None:
    """The second log gets what ends from then on, and the first nothing more."""
    ended = run(
        """
sizes = []
op.configure(run_id="first", log="1.log", on_batch=lambda batch: sizes.append(batch.batch_size))
generate("1"); generate("2")
op.configure(run_id="second", log="2.log")
generate("3")
say(sizes=sizes)
"""
    )

    assert ended.said == [{"sizes": [2]}], "the open batch of the first was closed"
    assert ended.errors == ""
    assert _ids(lines("1.log")) == ["1", "2"]
    assert _ids(lines("2.log")) == ["3"]
    assert {record.run_id for record in lines("2.log")} == {"second"}


def test_an_attempt_that_is_running_meanwhile_is_kept(run: Run, lines: Lines) -> None:
    """It ends under the second set-up, and has its line there."""
    ended = run(
        """
op.configure(run_id="first", log="1.log")
with op.attempt(stage="B", persona_id="across"):
    op.configure(run_id="second", log="2.log")
"""
    )

    assert (ended.code, ended.errors) == (0, "")
    assert _ids(lines("2.log")) == ["across"]


def test_what_stays_at_the_first_address_is_told(run: Run, http_collector: Any) -> None:
    """Spans go to the address of the second call; metrics and events do not, and nobody knew."""
    first = f"http://127.0.0.1:{http_collector.port}"
    ended = run(
        f"""
op.configure(otlp="{first}")
op.configure(otlp="{first}")
op.configure(otlp="{first}/elsewhere")
generate("1")
say(arrived=op.shutdown(30))
"""
    )

    assert ended.said == [{"arrived": True}]
    assert {"/elsewhere/v1/traces", "/v1/metrics"} <= http_collector.places
    assert [line.partition(":")[0] for line in ended.errors.splitlines()] == [
        "MeterProvider does not go to http",
        "LoggerProvider does not go to http",
    ]


def test_metrics_go_on(run: Run) -> None:
    """Counters never fall: the same instruments count the attempts of both."""
    ended = run(
        """
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
reader = InMemoryMetricReader()
metrics.set_meter_provider(MeterProvider([reader]))

def attempts():
    return sum(point.value for resource in reader.get_metrics_data().resource_metrics
               for scope in resource.scope_metrics for metric in scope.metrics
               if metric.name == "persona.attempts" for point in metric.data.data_points)

op.configure(tier="25K", log="1.log")
generate("1")
first = attempts()
op.configure(tier="25K", log="2.log")
generate("2")
say(first=first, second=attempts())
"""
    )

    assert ended.said == [{"first": 1, "second": 2}]
    assert ended.errors == ""


def test_an_old_handle_stops_nothing_new(run: Run, lines: Lines) -> None:
    """Shutting the first down late leaves the second alone."""
    ended = run(
        """
first = op.configure(log="1.log")
second = op.configure(log="2.log")
generate("1")
say(closed=[first.closed, second.closed], shutdown=first.shutdown())
generate("2")
"""
    )

    assert ended.said == [{"closed": [True, False], "shutdown": True}]
    assert ended.errors == ""
    assert _ids(lines("2.log")) == ["1", "2"]


def test_a_wrong_second_call_leaves_the_first_in_place(run: Run, lines: Lines) -> None:
    """An error changes nothing, whether a setting or an exporter is wrong."""
    ended = run(
        """
op.configure(log="1.log")
for variables, values in (({}, {"batch": "weekly"}), ({"OTEL_TRACES_EXPORTER": "x"}, {})):
    os.environ.update(variables)
    try:
        op.configure(log="2.log", **values)
    except op.SettingsError:
        generate("kept")
"""
    )

    assert (ended.code, ended.errors) == (0, "")
    assert _ids(lines("1.log")) == ["kept", "kept"]


def test_another_provider_takes_over(run: Run, lines: Lines) -> None:
    """Each set-up may have a provider of its own; the first one's is left without ours."""
    ended = run(
        """
from opentelemetry.sdk.trace import TracerProvider
one, two = TracerProvider(), TracerProvider()
op.configure(log="1.log", tracer_provider=one)
generate("1")
op.configure(log="2.log", tracer_provider=two)
generate("2")
span = one.get_tracer("x").start_span("generate_persona B")
span.set_attributes({"persona.stage": "B", "persona.attempt.status": "success",
                     "persona.run.id": "r", "persona.id": "foreign"})
span.end()
"""
    )

    assert (ended.code, ended.errors) == (0, "")
    assert _ids(lines("1.log")) == ["1"]
    assert _ids(lines("2.log")) == ["2"]


def test_setting_up_again_after_a_shutdown(run: Run, lines: Lines) -> None:
    """A notebook may end one run and begin another."""
    ended = run(
        """
for number in (1, 2):
    op.configure(run_id=f"run{number}", log=f"{number}.log")
    generate(str(number))
    assert op.shutdown()
    assert op.shutdown()
"""
    )

    assert (ended.code, ended.errors) == (0, "")
    assert _ids(lines("1.log")) == ["1"]
    assert _ids(lines("2.log")) == ["2"]


def test_setting_up_again_while_threads_work_loses_nothing(run: Run, lines: Lines) -> None:
    """Threads that generate meanwhile have each line in one of the logs."""
    ended = run(
        """
import threading
op.configure(log="0.log")
start, names = threading.Barrier(5), range(4)

def work(name):
    start.wait()
    for number in range(400):
        generate(f"{name}-{number}")

threads = [threading.Thread(target=work, args=(name,)) for name in names]
for thread in threads: thread.start()
start.wait()
for number in range(1, 6):
    op.configure(log=f"{number}.log")
for thread in threads: thread.join()
"""
    )

    assert ended.errors == ""
    written = [record.persona_id for number in range(6) for record in _there(lines, number)]
    assert len(written) == len(set(written)) == 1600


def _there(lines: Lines, number: int) -> Any:
    try:
        return lines(f"{number}.log")
    except OSError:
        return []
