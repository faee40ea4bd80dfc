"""Run records and journals on disk.

store     list, load and save records; read journals
index     what a list shows of every record, without reading each
progress  how far the runs are whose journals still grow
control   a run of another process: which one that is, and how to stop it
tail      the lines of a journal as they are written
watch     all runs, followed on a thread: saved, going on, cut off
trash     delete records, and take that back
replay    a record as the events that made it
find      a run by its file, its id, or the beginning of one
curves    a record's histories as arrays, and the answer that they give
tools     other finders: how they smooth losses, and how to undo it
points    rates and losses in their files
foreign   their results as records
tidy      remove what killed processes left, and count the runs that were cut off
recover   from the journal of a run that was cut off to its record
"""
