"""Bugs to plant into a copy of the engine: file, text (its first occurrence), what replaces it, who must notice."""

from typing import NamedTuple


class Bug(NamedTuple):
    file: str
    text: str
    planted: str
    noticed_by: str


DROP_IN, RESTORE, PLOT, LOOP = (
    "test_drop_in.py",
    "restore/test_restore.py",
    "test_plot.py",
    "test_range_test.py",
)

BUGS = {
    "weights are not restored": Bug(
        "engine/restore/tensors.py", "torch._foreach_copy_(targets, contents)", "pass", RESTORE
    ),
    "the optimizer does not step": Bug(
        "engine/precision.py", "        optimizer.step()\n", "        pass\n", DROP_IN
    ),
    "no backward": Bug("engine/precision.py", "        loss.backward()", "        pass", DROP_IN),
    "gradients are not cleared": Bug(
        "engine/step.py",
        "        clear_gradients(self._optimizers)\n        loss",
        "        loss",
        DROP_IN,
    ),
    "accumulated losses are not averaged": Bug(
        "engine/step.py", "loss = loss / self._accumulation_steps", "pass", DROP_IN
    ),
    "accumulation is ignored": Bug(
        "engine/step.py", "parts = [", "parts = [self._backward_one(draw())] or [", DROP_IN
    ),
    "smoothing is ignored": Bug("engine/tracker.py", "self.smooth_f > 0", "False", DROP_IN),
    "divergence does not stop": Bug(
        "engine/range_test.py", "self.tracker.diverged", "False", DROP_IN
    ),
    "validation returns 0": Bug(
        "engine/validation.py", "return _weighted_mean(losses, sizes)", "return 0.0", DROP_IN
    ),
    "validation is not in eval mode": Bug(
        "engine/validation.py", "self._model.eval()", "pass", DROP_IN
    ),
    "validation keeps gradients": Bug(
        "engine/validation.py", "with torch.no_grad():", "if True:", DROP_IN
    ),
    "training is not in train mode": Bug("engine/step.py", "self._model.train()", "pass", DROP_IN),
    "the cache is aliased": Bug(
        "engine/restore/tensors.py",
        "_distinct(tensor.detach()).clone()",
        "_distinct(tensor.detach())",
        RESTORE,
    ),
    "the cache is aliased from the first reset on": Bug(
        "engine/restore/tensors.py",
        "torch._foreach_copy_(targets, contents)",
        "[setattr(tensor, 'data', content) for tensor, content in zip(self._tensors, self._copies)]",
        RESTORE,
    ),
    "the disk cache keeps nothing": Bug(
        "engine/restore/tensors.py", "torch.save(self._copies, self.path)", "pass", DROP_IN
    ),
    "the disk cache stays in memory": Bug(
        "engine/restore/tensors.py", "        self._copies = []\n\n    def", "\n    def", DROP_IN
    ),
    "cache_dir is ignored": Bug(
        "engine/restore/tensors.py", "dir=self._folder", "dir=None", DROP_IN
    ),
    "show_lr is ignored": Bug("engine/plot.py", 'ax.axvline(x=show_lr, color="red")', "pass", PLOT),
    "log_lr is ignored": Bug("engine/plot.py", "    if log_lr:", "    if True:", PLOT),
    "skip_end is ignored": Bug("engine/plot.py", "-skip_end or None", "None", PLOT),
    "the suggestion is the lowest loss": Bug(
        "engine/plot.py",
        "np.gradient(np.asarray(losses)).argmin()",
        "np.asarray(losses).argmin()",
        PLOT,
    ),
    "start_lr is ignored": Bug(
        "engine/ramp.py", "if start_lr is not None:", "if False:", "test_ramp.py"
    ),
    "end_lr is ignored": Bug(
        "engine/settings.py",
        "ends = one_each(settings.end_lr, len(group_lrs))",
        "ends = (10.0,) * len(group_lrs)",
        DROP_IN,
    ),
    "step_mode is ignored": Bug(
        "engine/ramp.py", 'if self.mode == "exp" else _linear', "", DROP_IN
    ),
    "the model is not moved": Bug(
        "engine/training.py", "training.model.to(training.device)", "pass", DROP_IN
    ),
    "batches are not moved": Bug(
        "engine/step.py",
        "return move(batch, self._device, self._non_blocking)",
        "return batch",
        DROP_IN,
    ),
    "validation batches are not moved": Bug(
        "engine/validation.py", "move(batch, self._device, self._non_blocking)", "batch", DROP_IN
    ),
    "non_blocking_transfer is ignored": Bug(
        "engine/step.py", "self._non_blocking = non_blocking", "self._non_blocking = True", DROP_IN
    ),
    "the lr history is off by one": Bug(
        "engine/range_test.py",
        "set_learning_rates(optimizers, lrs)\n            update",
        "update",
        DROP_IN,
    ),
    "validation comes before the step": Bug(
        "engine/range_test.py",
        "            update = train()\n",
        "            early = validation() if validation else None\n            update = train()\n"
        "            validation = (lambda: early) if validation else None\n",
        DROP_IN,
    ),
    "nan does not stop": Bug(
        "engine/range_test.py",
        "if step.nonfinite is not None:",
        "if False:",
        LOOP,
    ),
    "negative losses stop": Bug("engine/tracker.py", "if self.best > 0:", "if True:", LOOP),
    "random states are not restored": Bug(
        "engine/restore/snapshot.py", "            self._rng.restore()\n", "", RESTORE
    ),
    "gradients are not restored": Bug(
        "engine/restore/snapshot.py",
        "            leaf.tensor.grad = leaf.grad\n",
        "            pass\n",
        RESTORE,
    ),
    "train and eval flags are not restored": Bug(
        "engine/restore/snapshot.py", "part.training = training", "pass", RESTORE
    ),
    "the scaler is not restored": Bug(
        "engine/restore/snapshot.py", "self._attributes.add(scaler)", "pass", "test_precision.py"
    ),
    "an exception restores nothing": Bug(
        "finder.py", "            self._put_back()\n            raise", "            raise", RESTORE
    ),
    "the optimizer keeps the last rate": Bug(
        "finder.py", "        own_lrs.restore()", "        pass", RESTORE
    ),
}
