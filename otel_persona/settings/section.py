"""What every group of settings shares: unknown names are rejected, and numbers are finite."""

from __future__ import annotations

import sys
from typing import Annotated

import msgspec

# YAML and TOML can express NaN and infinity, which make no sense as limits.
Finite = Annotated[float, msgspec.Meta(ge=-sys.float_info.max, le=sys.float_info.max)]
NonNegative = Annotated[float, msgspec.Meta(ge=0, le=sys.float_info.max)]


class Section(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A group of settings; unknown names are rejected."""
