"""What the app, the commands and the records say in the same words.

code            an answer as lines of Python
schedule_code   the lines for each schedule
race            the trials of a race, their verdict, and the answer after it
compare         several runs side by side, and which to pick
training        the training that an answer is for, and what to expect of its rate there
"""
