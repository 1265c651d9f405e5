"""What draws examples: one idea per module, named by the noun that it draws.

`gufunc` and `shapes` draw shapes that a function accepts, `operands` arrays of such
shapes, `layouts` ways in which an array can lie in memory.
"""
