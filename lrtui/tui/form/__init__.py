"""The form: choices, their parameters and settings become a RunSpec."""
