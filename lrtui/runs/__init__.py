"""Run records and journals on disk.

store     list, load and save records; read journals
curves    a record's histories as arrays, and the answer that they give
recover   from the journal of a run that was cut off to its record
"""
