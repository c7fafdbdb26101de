"""What a module of torch does beside what its layers return: changes in place, and hooks."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Iterator, Sequence
from typing import Any

from fastmlp._data.validation import InvalidValue
from fastmlp._export.torch_functions import FIRST

OF_PYTHON = {
    "__iadd__": operator.iadd,
    "__isub__": operator.isub,
    "__imul__": operator.imul,
    "__itruediv__": operator.itruediv,
}
SHAPES = {"size", "getattr"}  # they read no numbers
MOVED = {"flatten", "permute", "reshape", "squeeze", "transpose", "unsqueeze", "view"}
SAME = {"Flatten", "Identity", "Dropout", "Dropout1d", "Dropout2d"}  # in evaluation
SHARING = {  # what they return may be in the memory of their input
    *MOVED,
    *SAME,
    *("contiguous", "dropout", "dropout1d", "dropout2d", "getitem"),
    *("GaussianNoise", "Permute", "Steps"),  # those of fastmlp
}


def check_hooks(torch: Any, root: Any) -> None:
    """Raise where functions of the user run before or after a forward."""
    every = torch.nn.modules.module
    if every._global_forward_hooks or every._global_forward_pre_hooks:
        raise InvalidValue("torch has forward hooks of all modules, expected none: remove them")
    for name, module in root.named_modules():
        if module._forward_hooks or module._forward_pre_hooks:
            expected = "expected none: remove them, as remove_weight_norm does"
            kind = type(module).__name__
            raise InvalidValue(f"module {name!r} ({kind}): it has forward hooks, {expected}")


def tracer_of(torch: Any) -> Any:
    """Return a tracer of torch.fx that also records ``h += g``, which changes h in place."""
    base: Any = torch.fx.Proxy

    class Proxy(base):  # type: ignore[misc]
        pass

    def recorded(function: Any) -> Any:
        def run(self: Any, other: Any) -> Any:
            return self.tracer.create_proxy("call_function", function, (self, other), {})

        return run

    for name, function in OF_PYTHON.items():
        setattr(Proxy, name, recorded(function))

    class Tracer(torch.fx.Tracer):  # type: ignore[misc]
        def proxy(self, node: Any) -> Any:
            return Proxy(node, self)

    return Tracer


def kind_of(root: Any, node: Any) -> str:
    """Return the name of the class of a module, or of the function."""
    if node.op == "call_module":
        return type(root.get_submodule(node.target)).__name__
    return str(getattr(node.target, "__name__", node.target))


def overwritten(root: Any, nodes: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """Return each node that changes a tensor in place, with one that reads that tensor later."""
    order = {node: place for place, node in enumerate(nodes)}
    memory: dict[Any, Any] = {}  # by node, the first one whose result is there
    changed: dict[Any, Any] = {}  # by that one, the last node that changes it
    for node in nodes:
        kind = kind_of(root, node)
        for each in node.all_input_nodes:
            last = changed.get(memory[each])
            moves = last is not None and kind_of(root, last).strip("_") in MOVED
            if last is not None and order[each] < order[last] and (kind not in SHAPES or moves):
                yield last, node
        target = _changed(root, node, kind)
        first = _first(node) if target is None and kind.strip("_") in SHARING else target
        memory[node] = memory.get(first, node)
        if target is not None:
            changed[memory[node]] = node


def _first(node: Any) -> Any:
    given = [*node.args[:1], *(node.kwargs[name] for name in FIRST if name in node.kwargs)]
    return given[0] if given and given[0] in node.all_input_nodes else None


def _changed(root: Any, node: Any, kind: str) -> Any:
    """Return the node whose tensor this one changes, None where it makes a new one."""
    if node.op not in ("call_module", "call_function", "call_method"):
        return None
    if "out" in node.kwargs:
        return node.kwargs["out"]
    if kind.lower().startswith("dropout"):  # in evaluation it changes nothing
        return None
    in_place = (kind.endswith("_") and not kind.endswith("__")) or node.target in OF_PYTHON.values()
    if node.op == "call_module":
        in_place = getattr(root.get_submodule(node.target), "inplace", False)
    elif node.op == "call_function" and not in_place:
        try:
            arguments = inspect.signature(node.target).bind(*node.args, **node.kwargs).arguments
            in_place = arguments.get("inplace", False)
        except (TypeError, ValueError):  # functions of C have no such argument
            in_place = False
    return _first(node) if in_place else None
