"""The shared stories with both generations of gem and bundler."""

from ruby.driver import NewRuby, Ruby
from scenarios.ruby_family import RubyFamilyScenarios


class TestGemAndBundler(RubyFamilyScenarios):
    """gem 3.3 and bundler 2.3 on Ruby 3.1."""

    client_type = Ruby


class TestNewGemAndBundler(RubyFamilyScenarios):
    """gem 3.6 and bundler 2.6 on Ruby 3.3."""

    client_type = NewRuby
