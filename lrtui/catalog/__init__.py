"""What a person can pick: models, data sets, optimizers, losses."""
