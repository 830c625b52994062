"""What is promised about versions and bytes, in each place where it stands."""

from __future__ import annotations

import hashlib
import re
import sys
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    # pytest brings the latter along.
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    loaded: dict[str, Any] = toml.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return loaded


@pytest.fixture(scope="module")
def floors(pyproject: dict[str, Any]) -> dict[str, Version]:
    """The oldest version of each package that the project or one of its extras takes."""
    project = pyproject["project"]
    wanted = chain(project["dependencies"], *project["optional-dependencies"].values())
    found: dict[str, Version] = {}
    for requirement in map(Requirement, wanted):
        [floor] = (Version(each.version) for each in requirement.specifier if each.operator == ">=")
        assert found.setdefault(requirement.name, floor) == floor, requirement
    return found


def test_the_oldest_versions_are_those_that_are_tested(
    pyproject: dict[str, Any], floors: dict[str, Version]
) -> None:
    pins = [Requirement(each) for each in pyproject["tool"]["tox"]["env"]["oldest"]["deps"]]
    assert {each.name: Version(str(each.specifier).removeprefix("==")) for each in pins} == floors


def test_the_tests_have_what_every_extra_brings(
    pyproject: dict[str, Any], floors: dict[str, Version]
) -> None:
    group = {each.name for each in map(Requirement, pyproject["dependency-groups"]["test"])}
    own = {Requirement(each).name for each in pyproject["project"]["dependencies"]}
    assert floors.keys() - own <= group


def test_every_oldest_version_has_a_reason(floors: dict[str, Version]) -> None:
    rows = re.findall(
        r"^\| ([\w-]+) \| ([\d.]+)[^|]* \| \w", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE
    )
    assert {name: Version(floor) for name, floor in rows if name != "Python"} == floors


def test_pythons_that_are_promised_are_those_that_are_tested(pyproject: dict[str, Any]) -> None:
    promised = re.findall(r"Python :: (3\.\d+)", "\n".join(pyproject["project"]["classifiers"]))
    assert pyproject["project"]["requires-python"] == f">={promised[0]}"
    environments = {f"py{version.replace('.', '')}" for version in promised} | {"oldest", "newest"}
    assert set(pyproject["tool"]["tox"]["env_list"]) == environments
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    matrix = re.findall(r'\{python: "([\d.]+)", environment: (\w+)\}', workflow)
    assert {python for python, _ in matrix} == set(promised)
    assert {environment for _, environment in matrix} == environments


def test_the_model_is_the_one_whose_training_is_described() -> None:
    [digest] = re.findall(r"\b[0-9a-f]{64}\b", (ROOT / "guest/train/README.md").read_text("utf-8"))
    model = (ROOT / "guest/src/classify/model.bin").read_bytes()
    assert hashlib.sha256(model).hexdigest() == digest
