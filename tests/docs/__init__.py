"""The documentation: every code block in the README and in `lrtui help` is parsed, and run.

blocks      the code blocks of a document, and what their info strings say
commands    shell lines, parsed against the real commands
test_parse  all blocks, also those that cannot run here: fast
test_run    those that can: Python, and what `lrtui run` builds; with `-m slow` the shell
test_help   `lrtui help` itself, and the index
test_true   what is listed, against the program: keys, refusals, precisions

The words after the language of a block:

    name.py     the file that the block is; it is there before the blocks of its document run
    needs=…     why it cannot run in a test, one of `blocks.NEEDS`; it is parsed all the same
    exits=3     the exit code of its last command
"""
