"""The training process: builds a spec into live objects, drives the engine, keeps the journal."""
