"""What every story stands on: the server under test, a public source that can be cut off, packages to publish."""
