"""A hand-made component of the contract that misbehaves on demand.

What it does depends on the first two characters of the HTML it is given:

    !s  spin for ever                       !t  trap (unreachable)
    !o  read out of bounds                  !r  recurse until the stack is exhausted
    !g  grow by 16 pages, then answer       !x  grow by 16 pages until denied, then trap
    !c  grow by 16 pages until denied, answer all the same
    !l  leak: grow by 1 page at every call  !d  divide by zero
    !e  return the error case whose number is the third character (0 to 6)

Anything else is answered with the HTML as the text and the url as the url. Other functions answer
with constants. Made with ``wasmtime.wat2wasm``, so it needs no toolchain.
"""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path

from wasmtime import wat2wasm

WIT_ERRORS = (
    "invalid-html",
    "network-error",
    "parse-error",
    "resource-limit",
    "extractor-error",
    "internal-error",
    "unsupported-mode",
)

_STRING, _LIST, _OPT_STRING, _OPT_U32, _OPT_U8 = (8, 4), (8, 4), (12, 4), (8, 4), (2, 1)
_CONTENT_FIELDS = [
    ("url", "string", _STRING),
    ("title", "(option string)", _OPT_STRING),
    ("byline", "(option string)", _OPT_STRING),
    ("published-iso", "(option string)", _OPT_STRING),
    ("markdown", "string", _STRING),
    ("text", "string", _STRING),
    ("links", "(list string)", _LIST),
    ("media", "(list string)", _LIST),
    ("language", "(option string)", _OPT_STRING),
    ("reading-time", "(option u32)", _OPT_U32),
    ("quality-score", "(option u8)", _OPT_U8),
    ("word-count", "(option u32)", _OPT_U32),
    ("categories", "(list string)", _LIST),
    ("site-name", "(option string)", _OPT_STRING),
    ("description", "(option string)", _OPT_STRING),
]


def _offsets(fields: list[tuple[str, str, tuple[int, int]]]) -> tuple[dict[str, int], int]:
    offsets, at = {}, 0
    for name, _, (size, align) in fields:
        at = -(-at // align) * align
        offsets[name] = at
        at += size
    return offsets, -(-at // 4) * 4


_OFFSET, _CONTENT_SIZE = _offsets(_CONTENT_FIELDS)

# Return areas and constants, in the first page.
_RET, _RET_STATS, _HEALTH, _INFO, _MODES, _RESET, _VALID, _LINKS = 1024, 2048, 3072, 3136, 3200, 3264, 3328, 3392
_ERROR_TEXT = b"as was asked for"
_WORDS = [b"ok", b"0.2.0", b"misbehaving 1.0", b"misbehaving", b"article", b"reset"]
_WORDS_AT = 4096


def _data() -> tuple[bytes, dict[bytes, tuple[int, int]]]:
    blob, places = b"", {}
    for word in [*_WORDS, _ERROR_TEXT]:
        places[word] = (_WORDS_AT + len(blob), len(word))
        blob += word
    return blob, places


def _escape(data: bytes) -> str:
    return "".join(f"\\{byte:02x}" for byte in data)


@cache
def misbehaving_wat(start_pages: int = 17, *, imports: bool = False, interface: str = "riptide:extractor/extractor@0.2.0") -> str:
    """The component's text; ``imports`` adds an import, which no guest may have."""
    blob, at = _data()

    def string(word: bytes) -> bytes:
        return struct.pack("<II", *at[word])

    none_u64 = struct.pack("<B7xQ", 0, 0)
    health = string(b"ok") + string(b"0.2.0") + string(b"misbehaving 1.0") + struct.pack("<II", 0, 0) + none_u64 * 2
    info = string(b"misbehaving") + string(b"0.2.0") + string(b"0.2.0") + struct.pack("<IIII", 0, 0, 0, 0)
    modes_list = _WORDS_AT + 512
    modes = struct.pack("<II", modes_list, 1)
    reset = struct.pack("<I", 0) + string(b"reset")
    valid = struct.pack("<II", 0, 1)
    links = struct.pack("<III", 0, 0, 0)
    segments = [
        (_HEALTH, health),
        (_INFO, info),
        (_MODES, modes),
        (_RESET, reset),
        (_VALID, valid),
        (_LINKS, links),
        (_WORDS_AT, blob),
        (modes_list, string(b"article")),
    ]
    data = "\n".join(f'(data (i32.const {place}) "{_escape(content)}")' for place, content in segments)
    error_ptr, error_len = at[_ERROR_TEXT]

    def answer(base: int, head: int) -> str:
        """Fills the content record of the result at ``base``, whose payload begins ``head`` bytes in."""
        record = base + head
        return f"""
      (memory.fill (i32.const {base}) (i32.const 0) (i32.const {head + _CONTENT_SIZE + 48}))
      (if (i32.and (i32.ge_u (local.get $n) (i32.const 3)) (i32.eq (i32.load16_u (local.get $p)) (i32.const {ord("!") | ord("e") << 8})))
        (then
          (i32.store8 (i32.const {base}) (i32.const 1))
          (i32.store8 (i32.const {record}) (i32.sub (i32.load8_u offset=2 (local.get $p)) (i32.const 48)))
          (i32.store (i32.const {record + 4}) (i32.const {error_ptr}))
          (i32.store (i32.const {record + 8}) (i32.const {error_len})))
        (else
          (i32.store (i32.const {record + _OFFSET["url"]}) (local.get $u))
          (i32.store (i32.const {record + _OFFSET["url"] + 4}) (local.get $un))
          (i32.store (i32.const {record + _OFFSET["text"]}) (local.get $p))
          (i32.store (i32.const {record + _OFFSET["text"] + 4}) (local.get $n))))
      (i32.const {base})"""

    params = "(param $p i32) (param $n i32) (param $u i32) (param $un i32) (param $mode i32) (param i32) (param i32)"
    content_fields = " ".join(f'(field "{name}" {kind})' for name, kind, _ in _CONTENT_FIELDS)
    error_cases = " ".join(f'(case "{case}" string)' for case in WIT_ERRORS)
    functions = [
        ("extract", '(param "html" string) (param "url" string) (param "mode" $mode) (result (result $content (error $error)))'),
        ("extract-with-stats", '(param "html" string) (param "url" string) (param "mode" $mode) (result (result (tuple $content $stats) (error $error)))'),
        ("extract-links", '(param "html" string) (param "url" string) (result (result (list $link) (error $error)))'),
        ("validate-html", '(param "html" string) (result (result bool (error $error)))'),
        ("health-check", "(result $health)"),
        ("get-info", "(result $info)"),
        ("reset-state", "(result (result string (error $error)))"),
        ("get-modes", "(result (list string))"),
    ]
    lifts = "\n".join(
        f'(func $f{index} {signature} (canon lift (core func $i "{name}") (memory $mem) (realloc (core func $i "realloc")) string-encoding=utf8))'
        for index, (name, signature) in enumerate(functions)
    )
    types = {
        "mode": '(variant (case "article") (case "full") (case "metadata") (case "custom" (list string)))',
        "content": f"(record {content_fields})",
        "stats": '(record (field "processing-time-ms" u64) (field "memory-used" u64) (field "nodes-processed" (option u32)) (field "links-found" u32) (field "images-found" u32))',
        "error": f"(variant {error_cases})",
        "health": '(record (field "status" string) (field "version" string) (field "trek-version" string) (field "capabilities" (list string)) (field "memory-usage" (option u64)) (field "extraction-count" (option u64)))',
        "info": '(record (field "name" string) (field "version" string) (field "component-model-version" string) (field "features" (list string)) (field "supported-modes" (list string)))',
        "link": '(record (field "url" string) (field "text" string) (field "nofollow" bool) (field "ugc" bool) (field "sponsored" bool) (field "hreflang" (option string)))',
    }
    names = {
        "mode": "extraction-mode",
        "content": "extracted-content",
        "stats": "extraction-stats",
        "error": "extraction-error",
        "health": "health-status",
        "info": "component-info",
        "link": "link",
    }
    # Named types of an exported instance have to be exported with it: an inner component does that.
    outer_types = "\n".join(f"(type ${name} {body})" for name, body in types.items())
    shim_types = "\n".join(
        f'(import "t-{names[name]}" (type ${name}-in (eq ${name}-body)))'.replace(f"${name}-body", f"${name}-raw")
        for name in types
    )
    raw_types = "\n".join(f"(type ${name}-raw {body})\n" + f'(import "t-{names[name]}" (type ${name} (eq ${name}-raw)))' for name, body in types.items())
    del shim_types
    shim_imports = "\n".join(f'(import "f-{name}" (func $in{index} {signature}))' for index, (name, signature) in enumerate(functions))
    exported_types = "\n".join(f'(export $x-{name} "{names[name]}" (type ${name}))' for name in types)

    def exported(signature: str) -> str:
        for name in types:
            signature = signature.replace(f"${name}", f"$x-{name}")
        return signature

    shim_exports = "\n".join(
        f'(export "{name}" (func $in{index}) (func {exported(signature)}))' for index, (name, signature) in enumerate(functions)
    )
    with_types = "\n".join(f'(with "t-{names[name]}" (type ${name}))' for name in types)
    with_functions = "\n".join(f'(with "f-{name}" (func $f{index}))' for index, (name, _) in enumerate(functions))
    unwanted = '(import "host" (func))' if imports else ""
    return f"""(component
  {unwanted}
  (core module $m
    (memory (export "memory") {start_pages} 65536)
    {data}
    (global $top (mut i32) (i32.const 65536))
    (func $realloc (export "realloc") (param i32 i32 i32 i32) (result i32) (local $p i32) (local $end i32)
      (local.set $p (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
      (local.set $end (i32.add (local.get $p) (local.get 3)))
      (if (i32.gt_u (local.get $end) (i32.shl (memory.size) (i32.const 16)))
        (then (if (i32.eq (i32.const -1) (memory.grow (i32.add (i32.const 1)
              (i32.shr_u (i32.sub (local.get $end) (i32.shl (memory.size) (i32.const 16))) (i32.const 16)))))
            (then unreachable))))
      (global.set $top (local.get $end))
      (local.get $p))
    (func $recurse (result i32) (i32.add (call $recurse) (call $recurse)))
    (func $obey (param $p i32) (param $n i32) (local $what i32)
      ;; Arguments of the next call may overwrite this one's: nothing is kept.
      (global.set $top (i32.const 65536))
      (if (i32.lt_u (local.get $n) (i32.const 2)) (then return))
      (if (i32.ne (i32.load8_u (local.get $p)) (i32.const {ord("!")})) (then return))
      (local.set $what (i32.load8_u offset=1 (local.get $p)))
      (if (i32.eq (local.get $what) (i32.const {ord("s")})) (then (loop $again (br $again))))
      (if (i32.eq (local.get $what) (i32.const {ord("t")})) (then unreachable))
      (if (i32.eq (local.get $what) (i32.const {ord("o")})) (then (drop (i32.load (i32.const -8)))))
      (if (i32.eq (local.get $what) (i32.const {ord("d")})) (then (drop (i32.div_u (i32.const 1) (i32.const 0)))))
      (if (i32.eq (local.get $what) (i32.const {ord("r")})) (then (drop (call $recurse))))
      (if (i32.eq (local.get $what) (i32.const {ord("g")})) (then (drop (memory.grow (i32.const 16)))))
      (if (i32.eq (local.get $what) (i32.const {ord("l")})) (then (drop (memory.grow (i32.const 1)))))
      (if (i32.eq (local.get $what) (i32.const {ord("x")}))
        (then (loop $more (br_if $more (i32.ne (i32.const -1) (memory.grow (i32.const 16))))) unreachable))
      (if (i32.eq (local.get $what) (i32.const {ord("c")}))
        (then (loop $more (br_if $more (i32.ne (i32.const -1) (memory.grow (i32.const 16))))))))
    (func (export "extract") {params} (result i32)
      (call $obey (local.get $p) (local.get $n)) {answer(_RET, 4)})
    (func (export "extract-with-stats") {params} (result i32)
      (call $obey (local.get $p) (local.get $n)) {answer(_RET_STATS, 8)})
    (func (export "extract-links") (param $p i32) (param $n i32) (param i32) (param i32) (result i32)
      (call $obey (local.get $p) (local.get $n)) (i32.const {_LINKS}))
    (func (export "validate-html") (param $p i32) (param $n i32) (result i32)
      (call $obey (local.get $p) (local.get $n)) (i32.const {_VALID}))
    (func (export "health-check") (result i32) (i32.const {_HEALTH}))
    (func (export "get-info") (result i32) (i32.const {_INFO}))
    (func (export "reset-state") (result i32) (i32.const {_RESET}))
    (func (export "get-modes") (result i32) (i32.const {_MODES})))
  (core instance $i (instantiate $m))
  (alias core export $i "memory" (core memory $mem))
  {outer_types}
  {lifts}
  (component $shim
    {raw_types}
    {shim_imports}
    {exported_types}
    {shim_exports})
  (instance $interface (instantiate $shim {with_types} {with_functions}))
  (export "{interface}" (instance $interface)))
"""


def write_misbehaving(directory: Path, **options: object) -> Path:
    """Writes the component into ``directory``; its path."""
    path = directory / "misbehaving.wasm"
    path.write_bytes(bytes(wat2wasm(misbehaving_wat(**options))))  # type: ignore[arg-type]
    return path
