"""What the app, the commands and the records say in the same words.

headline        the answer in one line
training        the training that an answer is for, and what to expect of its rate there
confidence      how sure an answer is, in a word
ending          how a run ended
failure         where a failed run failed, and what it printed last
progress        how far a run or a race is, and what it takes of the machine
standings       where each rate of a race stands
race            the verdict of a race, and the answer after it
blown_up        an answer beside trials that blew up
code            an answer as lines of Python
schedule_code   the lines for each schedule
compare         several runs side by side
compared        the table of that
pick            which of them to take
"""
