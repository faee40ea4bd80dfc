"""Tests here write modules of a user's, and forget what they imported."""

from tests.user_files import imports_undone, user_file

__all__ = ["imports_undone", "user_file"]
