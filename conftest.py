"""The engine's own pytest plugin, from this tree, whether the package is installed or not."""

pytest_plugins = ["engine.testing.pytest_plugin"]
