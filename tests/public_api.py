"""The public names of the package in words, to be compared: signatures, fields and properties of records, bases."""

import ast
import inspect
import textwrap

import emo_core


def described() -> str:
    """A line for each function, field and base, in the order of the names."""
    return "".join(f"{line}\n" for name in emo_core.__all__ for line in _lines(getattr(emo_core, name)))


def _lines(thing):
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(thing))).body
    if isinstance(node, ast.FunctionDef):
        return [_signature(node)]
    lines = [f"{node.name}({', '.join(map(ast.unparse, node.bases))})"]
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and not item.target.id.startswith("_"):
            lines.append(f"    {ast.unparse(item)}")
        elif isinstance(item, ast.FunctionDef) and not item.name.startswith("_"):
            lines.append(f"    {' '.join(f'@{ast.unparse(mark)}' for mark in item.decorator_list)} {_signature(item)}")
    return lines


def _signature(node):
    return f"{node.name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}"
