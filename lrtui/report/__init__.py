"""What the app, the commands and the records say in the same words.

code     an answer as lines of Python
race     the trials of a race, their verdict, and the answer after it
rules    how far the published rules agree
"""
