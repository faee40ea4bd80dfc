"""What the app, the commands and the records say in the same words.

code            an answer as lines of Python
confirmation    the trials of a confirmation and their verdict
rules           how far the published rules agree
"""
