"""Settings that came later: written only where they say something."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, SerializerFunctionWrapHandler, model_serializer


class QuietDefaults(BaseModel):
    """A model that leaves some fields out of what it writes while they are None.

    So files and ids of what does not use them are those of versions that did not have them.
    """

    QUIET: ClassVar[tuple[str, ...]] = ()
    """Fields that are left out while they are None; their default must be None."""

    @model_serializer(mode="wrap")
    def _without_what_is_off(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = serialize(self)
        for name in self.QUIET:
            if content.get(name) is None:
                content.pop(name, None)
        return content
