"""Reads YAML as used for settings: plain data, with each key only once."""

from __future__ import annotations

from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """Rejects duplicate keys, for which PyYAML would silently take the last value."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            line = key.start_mark.line + 1
            if key.value in lines:
                raise ValueError(
                    f"the key {key.value!r} in line {line} stands in line {lines[key.value]} "
                    "already; write it once"
                )
            lines[key.value] = line
        return node


def load_yaml(text: str) -> Any:
    """Read YAML; raises ``ValueError`` if it is invalid or has duplicate keys."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
