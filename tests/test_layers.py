"""Imports point one way: a module imports only from layers above its own."""

import ast
from pathlib import Path

import scribblebench

PACKAGE = Path(scribblebench.__file__).parent
LAYERS = [
    *("errors", "registry", "quiet_defaults", "types", "seeding", "io", "scribbles", "metrics"),
    *("data", "training", "methods", "sweep", "exchange", "report", "cli"),
]


ENTRIES = ("__init__", "__main__")


def imported_layers(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        parts = [name.split(".") for name in names]
        found |= {p[1] for p in parts if p[0] == "scribblebench" and len(p) > 1}
    return found & set(LAYERS)


def test_every_module_is_in_a_layer_and_imports_only_from_layers_above():
    modules = [p for p in PACKAGE.rglob("*.py") if p.parent != PACKAGE or p.stem not in ENTRIES]
    assert len(modules) > 30
    for path in modules:
        layer = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        allowed = LAYERS[: LAYERS.index(layer) + 1]
        assert imported_layers(path) <= set(allowed), path
