"""LRFinder: live objects in, curves and answers out.

lr_finder   the class: torch_lr_finder's, with the same arguments, on this engine
origin      where its tests begin, and what is put back there
measured    the curves of a test, and the answers to them; `lrtui.watch` has them too
"""

from lrtui.finder.lr_finder import LRFinder as LRFinder
