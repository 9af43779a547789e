"""The demo: real, decorated functions that replay two real data sets through the whole package.

``run`` puts everything together and prints nothing; output is the command's job.

- the data: ``sources`` loads it, ``draws`` and ``laps`` put it in order, ``collapse`` narrows the
  stream of texts on request
- the program being watched: ``generation`` holds the decorated stages, ``validators`` and
  ``repairs`` check and mend the texts, ``replay`` calls the stages for one persona after another,
  and ``clock`` lets the time of the real requests pass
- the sidecars on request: ``slices`` cuts the real requests into runs, ``sidecars`` saves them
- around it: ``log_place`` checks where the log goes, ``delivery`` whether a collector took it all
- the results: ``findings`` holds the readings of the indicators, ``provenance`` where each field
  of a record comes from
"""
