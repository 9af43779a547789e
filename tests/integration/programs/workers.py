"""Four workers of ``multiprocessing``: ``workers.py METHOD COUNT``, with COUNT personas each.

Where they are forked, their parent has generated and sent before, and goes on while they work.
"""

import multiprocessing
import sys

import personas

import otel_persona as op


def work(method: str, group: str, count: int) -> None:
    """Generate in a worker, which inherits the set-up if it is forked, and end without a call."""
    if method != "fork":
        op.configure(clock=personas.clock)
    personas.generate(group, count)


def main(method: str, count: int) -> int:
    """Start the workers and wait for them; 0 if all ended well."""
    context = multiprocessing.get_context(method)
    workers = [
        context.Process(target=work, args=(method, f"{method}{number}", count))
        for number in range(4)
    ]
    if method == "fork":
        handle = op.configure(clock=personas.clock)
        personas.generate("parent", 2 * count)
        handle.force_flush()
        personas.generate("parent-unsent", count)
    for worker in workers:
        worker.start()
    if method == "fork":
        personas.generate("parent-later", count)
    for worker in workers:
        worker.join()
    is_sent = op.shutdown(30)
    return 0 if is_sent and not any(worker.exitcode for worker in workers) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
