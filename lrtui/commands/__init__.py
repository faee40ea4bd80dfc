"""`lrtui run`: the work of the app without a screen."""
