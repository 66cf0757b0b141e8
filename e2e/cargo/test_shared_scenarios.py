"""The shared stories with cargo, by each way in which it gets its token."""

from __future__ import annotations

from cargo.driver import Cargo
from cargo.providers import CargoWithEnvironment
from scenarios.cargo_family import CargoScenarios


class TestCargoLogin(CargoScenarios):
    """The token stands in cargo's file of credentials, where `cargo login` puts it."""

    client_type = Cargo


class TestCargoEnvironment(CargoScenarios):
    """The token stands in a variable, as on build machines."""

    client_type = CargoWithEnvironment
