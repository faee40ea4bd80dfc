"""Dialogs: modal screens that ask one thing, or show one thing."""
