"""What every test shares: hypothesis without deadlines, since machines are shared and noisy."""

from __future__ import annotations

import hypothesis

hypothesis.settings.register_profile("shared", deadline=None, print_blob=True)
hypothesis.settings.load_profile("shared")
