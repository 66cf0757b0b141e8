"""The shared stories with every client of the Python family."""

from python.pdm import Pdm
from python.pip_and_twine import OldPipAndOldTwine, PipAndTwine
from python.poetry import Poetry
from python.uv import Uv
from scenarios.python_family import PythonFamilyScenarios


class TestPipAndTwine(PythonFamilyScenarios):
    """pip and twine of today."""

    client_type = PipAndTwine


class TestOldPipAndOldTwine(PythonFamilyScenarios):
    """pip and twine of two years ago."""

    client_type = OldPipAndOldTwine


class TestUv(PythonFamilyScenarios):
    """uv."""

    client_type = Uv


class TestPoetry(PythonFamilyScenarios):
    """Poetry."""

    client_type = Poetry


class TestPdm(PythonFamilyScenarios):
    """PDM."""

    client_type = Pdm
