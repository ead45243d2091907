"""The fixture through which a fault test states its figures."""

from __future__ import annotations

import pytest

from tests.faults.figures import Figures


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    return Figures(request.node.user_properties)
