"""How a worker comes to life, and the thread that drives a run for a front end."""
