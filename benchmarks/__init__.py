"""Cairnet and its peers, measured side by side: `python -m benchmarks`.

Every number in docs/performance.md comes from here. `contest` says what a workload and a
contestant are, `workloads` holds one file for each network, `runners` trains a network with each
library, `worker` is the process that a contestant lives in, `measure` lets the contestants take
turns, `startup` times fresh interpreters, and `page` and `picture` turn the results into the page.
"""
