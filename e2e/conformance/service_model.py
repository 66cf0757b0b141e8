"""The published service model, as the installed SDK carries it. It is read at test time and never copied."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.loaders
from botocore.model import OperationModel, ServiceModel, Shape, StructureShape

SERVICE = "codeartifact"


@cache
def service() -> ServiceModel:
    """The model."""
    return ServiceModel(botocore.loaders.Loader().load_service_model(SERVICE, "service-2"), SERVICE)


@cache
def paginators() -> dict[str, dict[str, Any]]:
    """The paginators by operation."""
    return dict(botocore.loaders.Loader().load_service_model(SERVICE, "paginators-1")["pagination"])


def operation_names() -> list[str]:
    """Every operation of the model, in alphabetical order."""
    return sorted(service().operation_names)


def operation(name: str) -> OperationModel:
    """One operation."""
    return service().operation_model(name)


def declared_errors(name: str) -> list[str]:
    """The exceptions an operation declares."""
    return sorted(shape.name for shape in operation(name).error_shapes)


def members(name: str) -> dict[str, Shape]:
    """The input members of an operation."""
    shape = operation(name).input_shape
    return dict(shape.members) if shape else {}


def required(name: str) -> list[str]:
    """The input members that must be sent."""
    shape = operation(name).input_shape
    return list(shape.required_members) if shape else []


def place(shape: Shape) -> tuple[str, str | None]:
    """Where a member is on the wire, and under which name; members of the JSON body have the name of the model."""
    return shape.serialization.get("location", "body"), shape.serialization.get("name")


def output_paths(shape: Shape, prefix: str = "") -> list[str]:
    """Every member of an output, nested ones too: `repository.upstreams[].repositoryName`."""
    if isinstance(shape, StructureShape):
        paths = []
        for name, member in shape.members.items():
            path = f"{prefix}.{name}" if prefix else name
            paths += [path, *output_paths(member, path)]
        return paths
    if shape.type_name == "list":
        return output_paths(shape.member, f"{prefix}[]")
    if shape.type_name == "map":
        return output_paths(shape.value, f"{prefix}{{}}")
    return []
