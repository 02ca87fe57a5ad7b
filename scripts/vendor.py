"""Copies what the browser needs out of `node_modules/` into `static/vendor/`, as ES modules."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

MSGPACK_NAMES = "encode, decode, decodeMulti, decodeAsync, Encoder, Decoder, ExtensionCodec"
SOURCE_MAP = re.compile(rb"\n//# sourceMappingURL=\S+\s*$")


def copy_browser_libraries(modules: Path, vendor: Path) -> None:
    """Fills `vendor` with x6.js (default export), msgpack.js (named exports), uplot.js (default export), uplot.css
    and dagre.js (named exports).

    Beside each module lies a `.d.ts`, so that type checks of the pages' scripts see the libraries' own types.
    """
    vendor.mkdir(parents=True, exist_ok=True)
    as_module(modules / "@antv/x6/dist/x6.min.js", vendor / "x6.js", "export default module.exports;")
    (vendor / "x6.d.ts").write_text('import * as X6 from "@antv/x6";\nexport default X6;\n')
    as_module(
        modules / "@msgpack/msgpack/dist.umd/msgpack.min.js",
        vendor / "msgpack.js",
        f"export const {{ {MSGPACK_NAMES} }} = module.exports;",
    )
    (vendor / "msgpack.d.ts").write_text('export * from "@msgpack/msgpack";\n')
    dagre = (modules / "@dagrejs/dagre/dist/dagre.esm.js").read_bytes()
    (vendor / "dagre.js").write_bytes(SOURCE_MAP.sub(b"", dagre) + b"\n")
    (vendor / "dagre.d.ts").write_text('export * from "@dagrejs/dagre";\n')
    shutil.copyfile(modules / "uplot/dist/uPlot.esm.js", vendor / "uplot.js")
    shutil.copyfile(modules / "uplot/dist/uPlot.min.css", vendor / "uplot.css")
    (vendor / "uplot.d.ts").write_text('import uPlot from "uplot";\nexport default uPlot;\n')


def as_module(source: Path, target: Path, export: str) -> None:
    """Wraps a universal (UMD) bundle, so that one file can be imported by pages and by workers alike."""
    code = SOURCE_MAP.sub(b"", source.read_bytes())
    head = b"const module = { exports: {} };\nconst exports = module.exports;\n"
    target.write_bytes(head + code + b"\n" + export.encode() + b"\n")
