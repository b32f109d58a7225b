"""`OpDefLibrary`: makes operations by the names of their types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tfstyle.framework.op_def import declaration_of

__all__ = ["OpDefLibrary"]


class OpDefLibrary:
    """What generated wrappers of ops call: `apply_op("MatMul", a=x, b=y)`.

    Every library knows all op types of the program; those added to it must be among
    them.
    """

    def add_op(self, op_def: Any) -> None:
        """Checks that the op type of an `OpDef` is known.

        Raises:
            tf.errors.UnimplementedError: when it is not: only ops that have a Python
                body can be run.
        """
        from tfstyle.framework.errors import UnimplementedError

        if declaration_of(op_def.name) is None:
            raise UnimplementedError(
                None, None, f"Op type {op_def.name} has no body that could be run."
            )

    def add_op_list(self, op_list: Any) -> None:
        """`add_op` for every `OpDef` of an `OpList`."""
        ops: Iterable[Any] = op_list.op
        for op_def in ops:
            self.add_op(op_def)

    def apply_op(
        self, op_type_name: str, name: str | None = None, **keywords: Any
    ) -> Any:
        """Adds an operation to the default graph.

        Args:
            op_type_name: the op type.
            name: name of the operation.
            **keywords: inputs and attributes, under their names in the OpDef.

        Returns:
            What the op's constructor returns: its output tensor; a namedtuple or a list
            of several; the Operation when it has none.

        Raises:
            RuntimeError: when the op type is not known.
            TypeError: when an input or an attribute is missing, unknown or of a wrong
                type.
        """
        from tfstyle.framework.apply_op import apply_op

        declaration = declaration_of(op_type_name)
        if declaration is None:
            raise RuntimeError(f"Unrecognized Op name {op_type_name}")
        facts = declaration.facts
        inputs = [arg.name for arg in facts.inputs]
        for input_name in inputs:
            if input_name not in keywords:
                raise TypeError(f"No argument for input {input_name}")
        unknown = keywords.keys() - set(inputs) - {attr.name for attr in facts.attrs}
        if unknown:
            raise TypeError(
                f"apply_op() got unexpected keyword arguments: {', '.join(unknown)}"
            )
        return apply_op(declaration, keywords, name, op_type_name)
