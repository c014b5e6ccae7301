"""Pass 1, graph rewriting: from the graph a user wrote to the graph worth compiling.

Each module of rules is one family; the order in which they are imported here is the order in
which their rules are tried. `driver` walks the graph, `sharing` merges what is computed twice.
"""

from cairnet.compiler.rewrite import (  # isort: skip
    folding,
    casting,
    markers,
    algebra,
    choice,
    broadcasting,
    movement,
    joining,
    reducing,
    contracting,
    upsampling,
    cancelling,
    stability,
    selection,
    gathering,
    pooling,
)
from cairnet.compiler.rewrite.driver import Observer, rewrite, watches
from cairnet.compiler.rewrite.rule import Keeps, Rule, all_rules

__all__ = ["Keeps", "Observer", "Rule", "all_rules", "rewrite", "watches"]

#: The families of rules in the order in which they are tried.
FAMILIES = (
    folding,
    casting,
    markers,
    algebra,
    choice,
    broadcasting,
    movement,
    joining,
    reducing,
    contracting,
    upsampling,
    cancelling,
    stability,
    selection,
    gathering,
    pooling,
)
