"""The range test inside other training setups. None of their packages is required.

watch           any training loop: `with lrtui.watch(optimizer) as test: … test.update(loss)`
lightning       a callback for Lightning's Trainer
huggingface     `find_lr` for a Trainer of transformers
ignite          a handler for an ignite engine

What accelerate's `prepare` returned is accepted by `LRFinder` and `watch` as it is.
"""
