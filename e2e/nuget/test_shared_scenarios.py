"""The shared stories with every client of the NuGet family."""

from harness.nuget_client import Dotnet, NugetExe
from scenarios.nuget_family import NugetFamilyScenarios


class TestDotnet(NugetFamilyScenarios):
    """The SDK of .NET."""

    client_type = Dotnet


class TestNugetExe(NugetFamilyScenarios):
    """nuget.exe on Mono."""

    client_type = NugetExe
