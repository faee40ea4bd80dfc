"""Why a training failed, in one line: phase, batch, shapes and the way out.

device        out of memory, an assert on a GPU, a lost device
labels        labels that a class criterion refuses: void labels, labels out of range, dtypes
described     an exception in the middle of a test: its phase, its batch, what to change
nonfinite     a loss that is not finite: whether its batch is, and where it is not
"""
