"""The demo: real, decorated functions that replay two real data sets through the whole package.

``run`` puts everything together and prints nothing; what people see of it is the command's.

- the data: ``sources`` loads them, ``draws`` and ``laps`` bring them into an order, ``collapse``
  narrows the stream of texts on request
- the program that is watched: ``generation`` holds the decorated stages, ``validators`` and
  ``repairs`` read and mend the texts, ``replay`` calls the stages for one persona after another,
  and ``clock`` lets the time of the real requests pass
- around it: ``log_place`` says where the log goes, ``delivery`` whether a collector took it all
- what came out: ``findings`` gives the readings of the indicators, ``provenance`` where each field
  of a record is from
"""
