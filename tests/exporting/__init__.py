"""Tests of the export formats; a package, so that its conftest has a name of its own for the type checker."""
