"""codart: suggests codes with proven quotes for qualitative case research, and lets people decide."""

__version__ = "0.1.0"
