"""Forks, signals and threads, which interrupt telemetry at any step.

``forks`` resets objects in forked children, ``interruptions`` lets a signal handler's exception
reach the program, ``serial_queue`` handles items one at a time without making anybody wait, and
``spare_thread`` is there when no other thread can be started.
"""
