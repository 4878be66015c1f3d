"""Short questions to the syntax tree of Python code."""

import ast
from collections.abc import Iterator


def assignments(nodes: list[ast.AST]) -> Iterator[tuple[str, ast.expr]]:
    """Each name that is given a value, by an assignment or as the default of an argument."""
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.value
                elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    for element, value in zip(target.elts, node.value.elts, strict=False):
                        if isinstance(element, ast.Name):
                            yield element.id, value
        elif isinstance(node, ast.AnnAssign) and node.value and isinstance(node.target, ast.Name):
            yield node.target.id, node.value
        elif isinstance(node, ast.arguments):
            names = [*node.posonlyargs, *node.args][-len(node.defaults) :] if node.defaults else []
            yield from (
                (argument.arg, value) for argument, value in zip(names, node.defaults, strict=True)
            )


def number_in(node: ast.expr, numbers: dict[str, float]) -> float | None:
    """The numbers in a sum or a product; what is none is left out of the sum."""
    if isinstance(node, ast.Constant):
        number = isinstance(node.value, int | float) and not isinstance(node.value, bool)
        return float(node.value) if number else None  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        return numbers.get(node.id)
    if not isinstance(node, ast.BinOp):
        return None
    left, right = number_in(node.left, numbers), number_in(node.right, numbers)
    if isinstance(node.op, ast.Mult):
        return left * right if left is not None and right is not None else None
    if isinstance(node.op, ast.Add | ast.Sub):
        known = [number for number in (left, right) if number is not None]
        return sum(known) if known else None
    return None


def called_name(node: ast.AST) -> str:
    """The last word of what is called."""
    if isinstance(node, ast.Call):
        node = node.func
        return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return ""


def items(node: ast.AST) -> Iterator[tuple[object, ast.expr]]:
    """The keys and values of a keyword argument or a dictionary."""
    if isinstance(node, ast.keyword):
        yield node.arg, node.value
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            yield getattr(key, "value", None), value


def has_item(node: ast.AST, key: str, wanted: object) -> bool:
    """Whether the node gives a key or keyword of this name this value."""
    return any(
        name == key and getattr(value, "value", None) == wanted for name, value in items(node)
    )
