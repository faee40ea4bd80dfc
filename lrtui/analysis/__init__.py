"""Curves to answers, on arrays alone. numpy, no torch."""
