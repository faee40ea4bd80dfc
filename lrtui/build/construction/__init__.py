"""Where a model is made: on the CPU, on its device, or on meta. Read `construct`, then `meta`."""
