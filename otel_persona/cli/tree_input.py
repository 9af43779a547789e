"""What the commands that read a tree share: its options, their completion, and damaged files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import reduce
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from otel_persona.analysis.cohort_choice import (
    Choice,
    chosen_keys,
    cohorts_of_run,
)
from otel_persona.analysis.tree_runs import newest_run
from otel_persona.cli.printing import counted, path_text, say
from otel_persona.cli.progress import with_bar
from otel_persona.cohorts import TREE_NAME, Cohort, CohortTree, Damaged
from otel_persona.errors import CohortError
from otel_persona.facts import VIEWS
from otel_persona.settings import SidecarSettings

DEFAULT_TREE = Path(TREE_NAME)

_MOST_NAMED = 20

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Read = TypeVar("_Read")


class DamagedFiles:
    """What in a tree could not be read: each once."""

    def __init__(self) -> None:
        self._found: dict[Damaged, None] = {}

    def add(self, damaged: Damaged) -> None:
        """Note one."""
        self._found[damaged] = None

    def document(self) -> list[dict[str, str]]:
        """Return all of it for JSON."""
        return [{"path": path_text(path), "reason": reason} for path, reason in self._found]

    def say(self) -> None:
        """Name the first 20 on standard error, and count the rest."""
        for damaged in islice(self._found, _MOST_NAMED):
            say(f"skipped {damaged}")
        if len(self._found) > _MOST_NAMED:
            more = counted(len(self._found) - _MOST_NAMED, "more place")
            say(f"skipped {more}; --format json names each")


@contextmanager
def reading_tree(
    root: Path, settings: SidecarSettings | None = None
) -> Iterator[tuple[CohortTree, DamagedFiles]]:
    """Yield the tree in a folder; what was skipped in it is named at the end, errors or not.

    ``settings`` matter to what is written.
    """
    damaged = DamagedFiles()
    try:
        yield CohortTree(root, settings, damaged.add), damaged
    finally:
        damaged.say()


def read_run(
    tree: CohortTree, choice: Choice, run_id: str | None, read: Callable[[Cohort], _Read]
) -> list[_Read]:
    """Read the chosen cohorts of a run, by default the newest, with a bar.

    What cannot be read is named through the tree. Raises ``PersonaError`` if nothing is chosen, or
    nothing of it can be read.
    """
    keys = chosen_keys(tree, choice)
    if run_id is None:
        cohorts = [cohort for key in keys for cohort in tree.cohorts(key)]
        run_id = newest_run(tree, with_bar("looking for the newest run", cohorts, len(cohorts)))
    of_run = cohorts_of_run(tree, keys, run_id)
    found = []
    for cohort in with_bar("reading", of_run, len(of_run)):
        try:
            found.append(read(cohort))
        except CohortError as error:
            tree.skip(cohort.folder, str(error))
    if not found:
        raise CohortError(f"{tree.root}: no cohort of the run {run_id!r} can be read")
    return found


def _names_of(part: str) -> Callable[..., list[CompletionItem]]:
    """Make the completion of an option: the names in the tree that start as typed."""

    def complete(
        context: click.Context, _: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        root = context.params.get("root") or DEFAULT_TREE
        names = _names(CohortTree(root, on_damaged=lambda _: None), part)
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]

    return complete


def _names(tree: CohortTree, part: str) -> list[str]:
    if part == "stage":
        return list(tree.stages())
    keys = (key for stage in tree.stages() for view in VIEWS for key in tree.keys(stage, view))
    if part == "run":
        names = {cohort.run_id for key in keys for cohort in tree.cohorts(key)}
    else:
        names = {name for key in keys if (name := getattr(key, part)) is not None}
    return sorted(names)


class _TreePath(click.Path):
    """A folder; an empty path, which an unset variable leaves, is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not str(value):
            self.fail("the path is empty; give the folder of the sidecars", param, ctx)
        return super().convert(value, param, ctx)


tree_option = click.option(
    "--tree",
    "root",
    type=_TreePath(path_type=Path, file_okay=False),
    default=DEFAULT_TREE,
    metavar="TREE",
    help="The folder of the sidecars: the one that holds a folder for each stage.",
)

run_option = click.option(
    "--run",
    "run_id",
    metavar="RUN",
    shell_complete=_names_of("run"),
    show_default="the newest",
    help="The run to look at.",
)

run_argument = click.argument("run_id", metavar="RUN", shell_complete=_names_of("run"))

_PART_OPTIONS: Iterable[Callable[[_Command], _Command]] = (
    click.option(
        "--stage",
        metavar="STAGE",
        shell_complete=_names_of("stage"),
        help="Of the stages, look at this one alone.",
    ),
    click.option(
        "--view",
        type=click.Choice(VIEWS),
        help="All attempts of a target together, or those of each symbol.",
    ),
    click.option(
        "--target",
        metavar="TARGET",
        shell_complete=_names_of("target"),
        help="Of the targets, look at this one alone.",
    ),
    click.option(
        "--symbol",
        metavar="SYMBOL",
        shell_complete=_names_of("symbol"),
        help="Of the symbols, look at this one alone.",
    ),
)


def part_options(command: _Command) -> _Command:
    """Add the options that choose cohorts by the parts of their key."""
    return reduce(lambda added, option: option(added), reversed(tuple(_PART_OPTIONS)), command)
