"""What the reference says of the libraries is what they do."""

import doctest
from pathlib import Path


def test_the_examples_of_the_reference_print_what_they_say():
    page = Path(__file__).parents[1] / "docs" / "reference" / "python.md"

    failed, tried = doctest.testfile(str(page), module_relative=False)

    assert tried > 15
    assert failed == 0
