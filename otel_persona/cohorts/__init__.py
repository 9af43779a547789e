"""The tree of sidecars beside the artifacts: its names, files, baselines and rollups."""
