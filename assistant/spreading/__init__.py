"""Prompts in, verified outcomes out, worked out on the workers of a Dask cluster: the one door to Dask. Network I/O."""

from assistant.spreading.cluster import Cluster
from assistant.spreading.connecting import connect

__all__ = ["Cluster", "connect"]
