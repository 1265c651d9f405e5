"""Correct code of the operations, as people write it: what mutants are made of.

A module for a stage. An operation is the function of its name; `NAME_vjp`, where there
is one, is its VJP rule. None knows of references, and of the pipeline: it is a third
way to write the same, and holds under every law before a mutant of it is asked.
"""
