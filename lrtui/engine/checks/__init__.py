"""What is checked before and during a range test, so that no answer is for another thing.

twin          a copy of an optimizer on a small parameter of each group, to try its steps on
updates       how an optimizer wants to be called: with a closure, with the graph of its gradients
rates         whether an optimizer uses the rate that is set
rate_guard    whether something else sets the rate before the optimizer uses it
class_order   whether the training data comes in the order of its classes
gradients     why a loss has no gradients
"""
