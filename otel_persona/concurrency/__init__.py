"""Forks, signals and threads, which interrupt telemetry at any step.

``forks`` resets objects in forked children, ``interruptions`` lets a signal handler's exception
reach the program, and ``serial_queue`` handles items one at a time without making anybody wait.
"""
