"""The API does what its document says, also for requests that nobody thought of."""

import pytest
import schemathesis
from hypothesis import given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_every_answer_is_as_described(app, mode):
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    operation = schema["/api/stc/v1/calculation"]["GET"]

    @settings(max_examples=150, deadline=None)
    @given(operation.as_strategy(generation_mode=mode))
    def every_answer(case):
        # Which parameters go together is beyond a schema: such a 422 is right.
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    every_answer()
