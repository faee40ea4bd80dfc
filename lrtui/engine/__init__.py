"""The range test itself: live objects in, steps out. Imports torch; knows no files and no screen."""
