"""Bugs to plant into the engine, each with a test that must fail then."""

from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).resolve().parents[2] / "lrtui"

DROP_IN = "test_drop_in.py"
PLOT = "test_plot.py"
PRECISION = "test_precision.py"
RAMP = "test_ramp.py"
RANGE_TEST = "test_range_test.py"
RESTORE = "restore/test_restore.py"


class Bug(NamedTuple):
    """The first occurrence of `text` in a file becomes `planted`: then the named test fails."""

    file: str  # below lrtui
    text: str
    planted: str
    test_file: str  # below tests/engine
    test_name: str  # as pytest names it, without the file

    @property
    def module(self) -> str:
        """The dotted name of the module that the bug is in."""
        return "lrtui." + self.file.removesuffix(".py").replace("/", ".")

    @property
    def noticed_by(self) -> str:
        """The test that notices the bug, as pytest names it below tests/engine."""
        return f"{self.test_file}::{self.test_name}"


BUGS = {
    "weights are not restored": Bug(
        file="engine/restore/tensors.py",
        text="torch._foreach_copy_(targets, contents)",
        planted="pass",
        test_file=RESTORE,
        test_name="test_leaving_the_loop_early_puts_everything_back",
    ),
    "the optimizer does not step": Bug(
        file="engine/precision.py",
        text="        optimizer.step()\n",
        planted="        pass\n",
        test_file=DROP_IN,
        test_name="test_accumulation_calls_the_criterion_that_often_and_the_optimizer_once",
    ),
    "no backward": Bug(
        file="engine/precision.py",
        text="        loss.backward(create_graph=create_graph)",
        planted="        pass",
        test_file=DROP_IN,
        test_name="test_gradients_of_earlier_batches_are_cleared",
    ),
    "gradients are not cleared": Bug(
        file="engine/step.py",
        text="        clear_gradients(self._optimizers)\n        loss",
        planted="        loss",
        test_file=DROP_IN,
        test_name="test_gradients_of_earlier_batches_are_cleared",
    ),
    "accumulated losses are not averaged": Bug(
        file="engine/step.py",
        text="loss = loss / self._accumulation_steps",
        planted="pass",
        test_file=DROP_IN,
        test_name="test_accumulation_gives_the_gradient_of_one_large_batch",
    ),
    "accumulation is ignored": Bug(
        file="engine/step.py",
        text="parts = [",
        planted="parts = [self._backward_one(draw())] or [",
        test_file=DROP_IN,
        test_name="test_accumulation_gives_the_gradient_of_one_large_batch",
    ),
    "smoothing is ignored": Bug(
        file="engine/tracker.py",
        text="self.smooth_f > 0",
        planted="False",
        test_file=DROP_IN,
        test_name="test_the_loss_of_a_point_is_the_one_before_its_step_and_smoothed_from_the_second_on",
    ),
    "divergence does not stop": Bug(
        file="engine/range_test.py",
        text="self.tracker.diverged",
        planted="False",
        test_file=DROP_IN,
        test_name="test_divergence_stops_the_test_and_says_so",
    ),
    "validation returns 0": Bug(
        file="engine/validation.py",
        text="loss, metric = _weighted_mean(losses, sizes), ",
        planted="loss, metric = 0.0, ",
        test_file=DROP_IN,
        test_name="test_the_validation_loss_is_the_one_after_the_step_over_the_whole_set",
    ),
    "validation is not in eval mode": Bug(
        file="engine/validation.py",
        text="self._model.eval()",
        planted="pass",
        test_file=DROP_IN,
        test_name="test_validation_runs_in_eval_mode_without_gradients_and_training_in_train_mode",
    ),
    "validation keeps gradients": Bug(
        file="engine/validation.py",
        text="with torch.no_grad():",
        planted="if True:",
        test_file=DROP_IN,
        test_name="test_validation_runs_in_eval_mode_without_gradients_and_training_in_train_mode",
    ),
    "training is not in train mode": Bug(
        file="engine/step.py",
        text="self._model.train()",
        planted="pass",
        test_file=DROP_IN,
        test_name="test_validation_runs_in_eval_mode_without_gradients_and_training_in_train_mode",
    ),
    "the cache is aliased": Bug(
        file="engine/restore/tensors.py",
        text="self._copies.append(content.clone())",
        planted="self._copies.append(content)",
        test_file=RESTORE,
        test_name="test_leaving_the_loop_early_puts_everything_back",
    ),
    "the cache is aliased from the first reset on": Bug(
        file="engine/restore/tensors.py",
        text="torch._foreach_copy_(targets, contents)",
        planted=(
            "for tensor, content in zip(self._tensors, self._copies, strict=True):\n"
            "                    tensor.data = content"
        ),
        test_file=RESTORE,
        test_name="test_the_tenth_reset_is_as_good_as_the_first",
    ),
    "the disk cache keeps nothing": Bug(
        file="engine/restore/tensors.py",
        text="torch.save(self._copies, self.path)",
        planted="pass",
        test_file=DROP_IN,
        test_name="TestDiskCache::test_without_a_folder_it_is_the_systems_temporary_one",
    ),
    "the disk cache stays in memory": Bug(
        file="engine/restore/tensors.py",
        text="        self._copies = []\n\n    def",
        planted="\n    def",
        test_file=DROP_IN,
        test_name="TestDiskCache::test_the_copy_is_in_one_file_in_the_given_folder_and_works",
    ),
    "cache_dir is ignored": Bug(
        file="engine/restore/tensors.py",
        text="dir=self._folder",
        planted="dir=None",
        test_file=DROP_IN,
        test_name="TestDiskCache::test_the_copy_is_in_one_file_in_the_given_folder_and_works",
    ),
    "show_lr is ignored": Bug(
        file="engine/plot.py",
        text='ax.axvline(x=show_lr, color="red")',
        planted="pass",
        test_file=PLOT,
        test_name="test_a_line_where_it_was_asked_for",
    ),
    "log_lr is ignored": Bug(
        file="engine/plot.py",
        text="    if log_lr:",
        planted="    if True:",
        test_file=PLOT,
        test_name="test_the_rate_axis_is_logarithmic_or_not",
    ),
    "skip_end is ignored": Bug(
        file="engine/plot.py",
        text="-skip_end or None",
        planted="None",
        test_file=PLOT,
        test_name="test_the_default_skips_ten_and_five",
    ),
    "the suggestion is the lowest loss": Bug(
        file="engine/plot.py",
        text="np.gradient(np.asarray(losses)).argmin()",
        planted="np.asarray(losses).argmin()",
        test_file=PLOT,
        test_name="test_the_suggestion_is_the_steepest_point_and_not_the_lowest",
    ),
    "start_lr is ignored": Bug(
        file="engine/ramp.py",
        text="if start_lr is not None:",
        planted="if False:",
        test_file=RAMP,
        test_name="test_the_start_is_one_for_all_one_each_or_the_optimizers_own",
    ),
    "end_lr is ignored": Bug(
        file="engine/settings.py",
        text="ends = one_each(settings.end_lr, len(group_lrs))",
        planted="ends = (10.0,) * len(group_lrs)",
        test_file=DROP_IN,
        test_name="test_the_history_has_the_rate_that_each_loss_was_measured_at",
    ),
    "step_mode is ignored": Bug(
        file="engine/ramp.py",
        text='if self.mode == "exp" else _linear',
        planted="",
        test_file=DROP_IN,
        test_name="test_the_history_has_the_rate_that_each_loss_was_measured_at",
    ),
    "the model is not moved": Bug(
        file="engine/training.py",
        text="training.model.to(training.device)",
        planted="pass",
        test_file=DROP_IN,
        test_name="test_the_model_is_moved_to_the_device_for_the_test",
    ),
    "batches are not moved": Bug(
        file="engine/step.py",
        text="return move(batch, self._device, self._non_blocking)",
        planted="return batch",
        test_file=DROP_IN,
        test_name="test_batches_are_moved_to_the_device_asynchronously_or_not",
    ),
    "validation batches are not moved": Bug(
        file="engine/validation.py",
        text="move(batch, self._device, self._non_blocking)",
        planted="batch",
        test_file=DROP_IN,
        test_name="test_batches_are_moved_to_the_device_asynchronously_or_not",
    ),
    "non_blocking_transfer is ignored": Bug(
        file="engine/step.py",
        text="self._non_blocking = non_blocking",
        planted="self._non_blocking = True",
        test_file=DROP_IN,
        test_name="test_batches_are_moved_to_the_device_asynchronously_or_not",
    ),
    "the lr history is off by one": Bug(
        file="engine/range_test.py",
        text="set_learning_rates(optimizers, lrs)\n            update",
        planted="update",
        test_file=DROP_IN,
        test_name="test_the_loss_of_a_point_is_the_one_before_its_step_and_smoothed_from_the_second_on",
    ),
    "validation comes before the step": Bug(
        file="engine/range_test.py",
        text=(
            "            update = train()\n"
            "            reader.add(_measurement(iteration, lrs, update, validation))\n"
        ),
        planted=(
            "            early = validation() if validation else None\n"
            "            update = train()\n"
            "            again = (lambda: early) if validation else None\n"
            "            reader.add(_measurement(iteration, lrs, update, again))\n"
        ),
        test_file=DROP_IN,
        test_name="test_the_validation_loss_is_the_one_after_the_step_over_the_whole_set",
    ),
    "nan does not stop": Bug(
        file="engine/range_test.py",
        text="if step.nonfinite is not None:",
        planted="if False:",
        test_file=RANGE_TEST,
        test_name="test_a_loss_that_is_not_finite_ends_it_wherever_it_is",
    ),
    "negative losses stop": Bug(
        file="engine/tracker.py",
        text="if self.best > 0:",
        planted="if True:",
        test_file=RANGE_TEST,
        test_name="test_negative_and_zero_losses_do_not_end_it",
    ),
    "random states are not restored": Bug(
        file="engine/restore/snapshot.py",
        text="        self._rng.restore()\n",
        planted="",
        test_file=RESTORE,
        test_name="test_every_random_state_comes_back_and_the_loaders_generator",
    ),
    "gradients are not restored": Bug(
        file="engine/restore/snapshot.py",
        text="            leaf.tensor.grad = leaf.grad\n",
        planted="            pass\n",
        test_file=RESTORE,
        test_name="test_gradients_come_back_present_or_absent",
    ),
    "train and eval flags are not restored": Bug(
        file="engine/restore/snapshot.py",
        text="part.training = training",
        planted="pass",
        test_file=RESTORE,
        test_name="test_train_and_eval_flags_and_requires_grad_of_every_part",
    ),
    "the scaler is not restored": Bug(
        file="engine/restore/snapshot.py",
        text="self._attributes.add(scaler)",
        planted="pass",
        test_file=PRECISION,
        test_name="test_the_scaler_is_restored_even_when_it_was_broken_off_between_unscaling_and_updating",
    ),
    "an exception restores nothing": Bug(
        file="finder/lr_finder.py",
        text="            self._put_back_after(error)\n            raise",
        planted="            raise",
        test_file=RESTORE,
        test_name="test_leaving_the_loop_early_puts_everything_back",
    ),
    "the optimizer keeps the last rate": Bug(
        file="finder/lr_finder.py",
        text="        own_lrs.restore()",
        planted="        pass",
        test_file=RESTORE,
        test_name="test_the_optimizers_own_rates_are_back_as_soon_as_a_test_is_over",
    ),
}
