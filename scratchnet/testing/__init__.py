"""The harness: property-based verification of hand-written array operations.

It knows nothing of the pipeline, so that it serves anybody's code. Importing this
package alone imports neither NumPy nor Hypothesis: what draws examples lives in
`scratchnet.testing.strategies`.
"""
