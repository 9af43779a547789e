"""The demo: real, decorated functions that replay two real data sets through the whole package.

``sources`` loads the data, ``clock`` and ``requests`` replay latency and failures, ``validators``
and ``repairs`` read and mend the texts, ``pipeline`` holds the decorated functions, ``collapse``
narrows the stream on request, ``run`` puts them together, and ``screen``, ``findings`` and
``provenance`` say what came out and where each field is from.
"""
