"""Tests here write modules as a user would, and forget what they imported."""

from tests.user_files import imports_undone, user_file

__all__ = ["imports_undone", "user_file"]
