"""The one rule for what a batch, an output and a loss are.

The engine, the dry run, `loss auto`, the facts and the form all read by it. It reads the first
batch and compiles what it has read; a later batch of another structure is read again.

R is the number of inputs that the forward requires (1 for `*args`). An optional parameter is an
input if its default is None and its annotation allows a tensor; `flag=False` and `scale=1.0` are
switches, which get nothing.

| batch                          | inputs                           | target (with a criterion)    |
|--------------------------------|----------------------------------|------------------------------|
| tensor                         | it                               | it (a reconstruction)        |
| list, tuple or dict of one     | the item                         | the item; not for classes    |
| (a, …, z)                      | the first R                      | the next tensor; texts, None |
|                                |                                  | and meta data are left over  |
| … several items are left       | optional inputs get those that   | the first of the others      |
|                                | can only be theirs (a mask of 0  |                              |
|                                | and 1, lengths); else refused    |                              |
| ((a, b), y), ({…}, y)          | unpacked where R = 2, or by name | y                            |
| mapping                        | the keys that are parameters     | labels, label, targets,      |
|                                |                                  | target, y; else the only     |
|                                |                                  | tensor left; else refused    |
| … no key is a parameter, R = 1 | the only tensor, or the one with | the same                     |
|                                | a usual name, or all: what the   |                              |
|                                | forward takes                    |                              |
| named tuple with such fields   | by name                          | by name, or the only tensor  |
| object                         | whole, or its attributes by name | its labels … y, else itself  |
| `DataLoaderIter`               | inputs                           | labels                       |

Without a criterion the forward returns its loss: a parameter with a target's name gets the target.

| output, for a criterion of torch | the criterion gets                                          |
|----------------------------------|-------------------------------------------------------------|
| tensor                           | it                                                          |
| object or mapping                | `logits`, `out`, or its only tensor; else refused           |
| tuple, list                      | the first tensor that fits the target; refused where        |
|                                  | another of the same shape does                              |

A criterion of a user's own gets the output whole.

| returned                  | loss                                                               |
|---------------------------|--------------------------------------------------------------------|
| scalar                    | it                                                                 |
| with `loss`               | that alone                                                         |
| tuple, list               | its scalars with a graph: their sum; the first where that is the   |
|                           | sum of the others                                                  |
| mapping, object           | the same of those with "loss" in their names                       |
| vector                    | refused; the mean for DataParallel                                 |

Shapes are fitted where they differ in dimensions of 1 alone, labels become int64, and both are
said; a loss over all pairs of output and target is refused (`fit`). `overruled` is what a person
says instead of the rule.

Reading order: `signature`, `scoring` (what a criterion is), `items`, `rule`, `named`, `left_over`,
`overruled`, `outputs`, `losses`, `fit`, `notes`.
"""
