"""A hand-made component of the contract that misbehaves on demand.

What it does depends on the first two characters of the HTML it is given:

    !s  spin for ever                       !t  trap (unreachable)
    !o  read out of bounds                  !r  recurse until the stack is exhausted
    !d  divide by zero                      !b  be busy for some 50 ms, then answer
    !g  grow by 16 pages, then answer       !l  leak: grow by 1 page at every call
    !x  grow by 16 pages until denied, then trap
    !c  grow by 16 pages until denied, answer all the same
    !h  answer, and say from now on that it is sick when asked for its health
    !n  answer with a title and 300 links, each of them the url
    !m  answer with what follows as the result's memory, each byte as two letters from a to p
    !e  return the error case whose number is the third character (0 to 6)

Anything else is answered with the HTML as the text and the url as the url. Other functions answer
with constants. Made with ``wasmtime.wat2wasm``, so it needs no toolchain.
"""

from __future__ import annotations

import re
import struct
from functools import cache
from pathlib import Path

from wasmtime import wat2wasm

INTERFACE = "riptide:extractor/extractor@0.2.0"
#: The error variant's cases, in its order: ``!e0`` is the first.
WIT_ERRORS = (
    "invalid-html",
    "network-error",
    "parse-error",
    "resource-limit",
    "extractor-error",
    "internal-error",
    "unsupported-mode",
)
#: The sentence that comes with an error.
ERROR_TEXT = "as was asked for"
#: Links of ``!n``.
MANY = 300
#: The custom section by which a component says that it has polls.
POLLS_SECTION = b"\x00\x0f\x0driptide-polls\x01"
#: Pages that the guest starts with, unless told otherwise.
START_PAGES = 17

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

# The interface's types: the contract's name of each and its body.
_TYPES = {
    "mode": (
        "extraction-mode",
        '(variant (case "article") (case "full") (case "metadata") (case "custom" (list string)))',
    ),
    "content": (
        "extracted-content",
        "(record " + " ".join(f'(field "{name}" {kind})' for name, kind, _ in _CONTENT_FIELDS) + ")",
    ),
    "stats": (
        "extraction-stats",
        '(record (field "processing-time-ms" u64) (field "memory-used" u64)'
        ' (field "nodes-processed" (option u32)) (field "links-found" u32) (field "images-found" u32))',
    ),
    "error": (
        "extraction-error",
        "(variant " + " ".join(f'(case "{case}" string)' for case in WIT_ERRORS) + ")",
    ),
    "health": (
        "health-status",
        '(record (field "status" string) (field "version" string) (field "trek-version" string)'
        ' (field "capabilities" (list string)) (field "memory-usage" (option u64))'
        ' (field "extraction-count" (option u64)))',
    ),
    "info": (
        "component-info",
        '(record (field "name" string) (field "version" string) (field "component-model-version" string)'
        ' (field "features" (list string)) (field "supported-modes" (list string)))',
    ),
    "link": (
        "link",
        '(record (field "url" string) (field "text" string) (field "nofollow" bool) (field "ugc" bool)'
        ' (field "sponsored" bool) (field "hreflang" (option string)))',
    ),
}
_DOCUMENT = '(param "html" string) (param "url" string)'
_FUNCTIONS = {
    "extract": f'{_DOCUMENT} (param "mode" $mode) (result (result $content (error $error)))',
    "extract-with-stats": (
        f'{_DOCUMENT} (param "mode" $mode) (result (result (tuple $content $stats) (error $error)))'
    ),
    "extract-links": f"{_DOCUMENT} (result (result (list $link) (error $error)))",
    "validate-html": '(param "html" string) (result (result bool (error $error)))',
    "health-check": "(result $health)",
    "get-info": "(result $info)",
    "reset-state": "(result (result string (error $error)))",
    "get-modes": "(result (list string))",
}

# Return areas and constants, in the first page.
_RET, _RET_STATS, _HEALTH, _INFO, _MODES, _RESET = 1024, 2048, 3072, 3136, 3200, 3264
#: Bytes of the result of ``extract-with-stats`` before its records, and where those lie.
HEAD_BYTES = 8
RECORD_AT = _RET_STATS + HEAD_BYTES
_VALID, _LINKS, _SICK, _WORDS_AT, _MODES_LIST = 3328, 3392, 3520, 4096, 4608
_WORDS = [
    b"ok",
    b"sick",
    b"0.2.0",
    b"misbehaving 1.0",
    b"misbehaving",
    b"article",
    b"reset",
    ERROR_TEXT.encode(),
]
# Iterations that take some 50 ms on the machines of 2024.
_BUSY = 40_000_000


def _offsets() -> tuple[dict[str, int], int]:
    offsets, at = {}, 0
    for name, _, (size, align) in _CONTENT_FIELDS:
        at = -(-at // align) * align
        offsets[name] = at
        at += size
    return offsets, -(-at // 4) * 4


_OFFSET, _CONTENT_SIZE = _offsets()
#: Bytes of the two records, content and stats, that a result consists of behind its discriminant.
RECORD_BYTES = _CONTENT_SIZE + 48
#: What is where in the record of content: the type of each field, by the offset.
RECORD_LAYOUT = [(_OFFSET[name], kind) for name, kind, _ in _CONTENT_FIELDS]
#: Where the HTML lies.
HTML_AT = 65536
#: Where it lies in the component with polls: behind the page that those look at.
HTML_AT_WITH_POLLS = 65536 * (START_PAGES + 1)


def _place_words() -> dict[bytes, tuple[int, int]]:
    places, at = {}, _WORDS_AT
    for word in _WORDS:
        places[word] = (at, len(word))
        at += len(word)
    return places


_WORD = _place_words()


def _data_segments() -> str:
    def string(word: bytes) -> bytes:
        return struct.pack("<II", *_WORD[word])

    def health(status: bytes) -> bytes:
        no_count = struct.pack("<B7xQ", 0, 0)
        return string(status) + string(b"0.2.0") + string(b"misbehaving 1.0") + bytes(8) + no_count * 2

    segments = [
        (_HEALTH, health(b"ok")),
        (_SICK, health(b"sick")),
        (_INFO, string(b"misbehaving") + string(b"0.2.0") * 2 + bytes(16)),
        (_MODES, struct.pack("<II", _MODES_LIST, 1)),
        (_MODES_LIST, string(b"article")),
        (_RESET, struct.pack("<I", 0) + string(b"reset")),
        (_VALID, struct.pack("<II", 0, 1)),
        (_LINKS, bytes(12)),
        (_WORDS_AT, b"".join(_WORDS)),
    ]
    return "\n".join(
        f'(data (i32.const {place}) "{"".join(f"{chr(92)}{byte:02x}" for byte in content)}")'
        for place, content in segments
    )


def _is_told(letter: str) -> str:
    """Whether the HTML begins with ``!`` and this letter."""
    word = ord("!") | ord(letter) << 8
    return f"""(if (result i32) (i32.ge_u (local.get $n) (i32.const 2))
          (then (i32.eq (i32.load16_u (local.get $p)) (i32.const {word}))) (else (i32.const 0)))"""


def _answer(base: int, head: int) -> str:
    """Fills the content record of the result at ``base``, whose payload begins ``head`` bytes in."""
    record = base + head
    error_at, error_size = _WORD[ERROR_TEXT.encode()]

    def string(field: str, pointer: str, size: str) -> str:
        at = record + _OFFSET[field]
        return f"""(i32.store (i32.const {at}) (local.get {pointer}))
          (i32.store (i32.const {at + 4}) (local.get {size}))"""

    return f"""
      (memory.fill (i32.const {base}) (i32.const 0) (i32.const {head + RECORD_BYTES}))
      (if {_is_told("e")}
        (then
          (i32.store8 (i32.const {base}) (i32.const 1))
          (i32.store8 (i32.const {record})
            (i32.sub (i32.load8_u offset=2 (local.get $p)) (i32.const {ord("0")})))
          (i32.store (i32.const {record + 4}) (i32.const {error_at}))
          (i32.store (i32.const {record + 8}) (i32.const {error_size})))
        (else
          {string("url", "$u", "$un")}
          {string("text", "$p", "$n")}
          (if {_is_told("n")} (then
            (i32.store8 (i32.const {record + _OFFSET["title"]}) (i32.const 1))
            (i32.store (i32.const {record + _OFFSET["title"] + 4}) (local.get $u))
            (i32.store (i32.const {record + _OFFSET["title"] + 8}) (local.get $un))
            (i32.store (i32.const {record + _OFFSET["links"]})
              (call $many (local.get $u) (local.get $un) (i32.const 8)))
            (i32.store (i32.const {record + _OFFSET["links"] + 4}) (i32.const {MANY}))))))
      (if {_is_told("m")}
        (then (call $spell (i32.const {base}) (i32.const {head + RECORD_BYTES})
          (local.get $p) (local.get $n))))
      (i32.const {base})"""


def _core_module(start_pages: int, polling_page: int | None) -> str:
    """``polling_page`` is the number of the page, behind the others, that each loop looks at."""
    module = _unpolled_module(start_pages if polling_page is None else polling_page + 1)
    if polling_page is None:
        return module
    poll = f"(drop (i32.atomic.load8_u offset={polling_page * 65536} (i32.const 0)))"
    # What is given out begins behind that page.
    module = module.replace("(i32.const 65536)", f"(i32.const {(polling_page + 1) * 65536})")
    return re.sub(r"\(loop \$\w+", lambda loop: f"{loop[0]} {poll}", module)


def _unpolled_module(start_pages: int) -> str:
    def when(letter: str, action: str) -> str:
        return f"(if (i32.eq (local.get $what) (i32.const {ord(letter)})) (then {action}))"

    until_denied = "(loop $more (br_if $more (i32.ne (i32.const -1) (memory.grow (i32.const 16)))))"
    busy = f"""(local.set $left (i32.const {_BUSY}))
        (loop $on (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))"""
    deeds = "\n      ".join(
        when(letter, action)
        for letter, action in {
            "s": "(loop $again (br $again))",
            "t": "unreachable",
            "o": "(drop (i32.load (i32.const -8)))",
            "d": "(drop (i32.div_u (i32.const 1) (i32.const 0)))",
            "r": "(drop (call $recurse))",
            "b": busy,
            "g": "(drop (memory.grow (i32.const 16)))",
            "l": "(drop (memory.grow (i32.const 1)))",
            "x": f"{until_denied} unreachable",
            "c": until_denied,
            "h": f"(global.set $health (i32.const {_SICK}))",
        }.items()
    )
    document = "(param $p i32) (param $n i32) (param $u i32) (param $un i32)"
    obey = "(call $obey (local.get $p) (local.get $n))"
    return f"""(core module $m
    (memory (export "memory") {start_pages} 65536)
    {_data_segments()}
    (global $top (mut i32) (i32.const 65536))
    (global $free (mut i32) (i32.const 65536))
    (global $health (mut i32) (i32.const {_HEALTH}))
    (func $room (param $p i32) (param $size i32) (local $end i32)
      (local.set $end (i32.add (local.get $p) (local.get $size)))
      (if (i32.gt_u (local.get $end) (i32.shl (memory.size) (i32.const 16)))
        (then (if (i32.eq (i32.const -1) (memory.grow (i32.add (i32.const 1)
              (i32.shr_u (i32.sub (local.get $end) (i32.shl (memory.size) (i32.const 16))) (i32.const 16)))))
            (then unreachable)))))
    (func $realloc (export "realloc") (param i32 i32 i32 i32) (result i32) (local $p i32)
      (local.set $p (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
      (call $room (local.get $p) (local.get 3))
      (global.set $top (i32.add (local.get $p) (local.get 3)))
      (local.get $p))
    (func $recurse (result i32) (i32.add (call $recurse) (call $recurse)))
    ;; A list of {MANY} records of $size bytes, each beginning with the string at $u.
    (func $many (param $u i32) (param $un i32) (param $size i32) (result i32)
      (local $list i32) (local $at i32) (local $end i32)
      (local.set $list (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
      (local.set $end (i32.add (local.get $list) (i32.mul (local.get $size) (i32.const {MANY}))))
      (call $room (local.get $list) (i32.sub (local.get $end) (local.get $list)))
      (memory.fill (local.get $list) (i32.const 0) (i32.sub (local.get $end) (local.get $list)))
      (local.set $at (local.get $list))
      (loop $next
        (i32.store (local.get $at) (local.get $u))
        (i32.store offset=4 (local.get $at) (local.get $un))
        (if (i32.eq (local.get $size) (i32.const 32)) (then
          (i32.store offset=8 (local.get $at) (local.get $u))
          (i32.store offset=12 (local.get $at) (local.get $un))
          (i32.store8 offset=16 (local.get $at) (i32.const 1))
          (i32.store8 offset=18 (local.get $at) (i32.const 1))
          (i32.store8 offset=20 (local.get $at) (i32.const 1))
          (i32.store offset=24 (local.get $at) (local.get $u))
          (i32.store offset=28 (local.get $at) (local.get $un))))
        (local.set $at (i32.add (local.get $at) (local.get $size)))
        (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
      (local.get $list))
    ;; Bytes, at most $size of them, out of the letters behind the first two of $n at $p.
    (func $spell (param $to i32) (param $size i32) (param $p i32) (param $n i32) (local $i i32)
      (local.set $n (i32.shr_u (i32.sub (local.get $n) (i32.const 2)) (i32.const 1)))
      (if (i32.lt_u (local.get $size) (local.get $n)) (then (local.set $n (local.get $size))))
      (block $done (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (i32.store8 (i32.add (local.get $to) (local.get $i))
          (i32.or
            (i32.shl (i32.sub (i32.load8_u offset=2 (local.get $p)) (i32.const {ord("a")})) (i32.const 4))
            (i32.sub (i32.load8_u offset=3 (local.get $p)) (i32.const {ord("a")}))))
        (local.set $p (i32.add (local.get $p) (i32.const 2)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next))))
    (func $obey (param $p i32) (param $n i32) (local $what i32) (local $left i32)
      ;; Arguments of the next call may overwrite this one's: nothing is kept.
      (global.set $free (global.get $top))
      (global.set $top (i32.const 65536))
      (if (i32.lt_u (local.get $n) (i32.const 2)) (then return))
      (if (i32.ne (i32.load8_u (local.get $p)) (i32.const {ord("!")})) (then return))
      (local.set $what (i32.load8_u offset=1 (local.get $p)))
      {deeds})
    (func (export "extract") {document} (param i32 i32 i32) (result i32)
      {obey} {_answer(_RET, 4)})
    (func (export "extract-with-stats") {document} (param i32 i32 i32) (result i32)
      {obey} {_answer(_RET_STATS, HEAD_BYTES)})
    (func (export "extract-links") {document} (result i32)
      {obey}
      (i64.store (i32.const {_LINKS + 4}) (i64.const 0))
      (if {_is_told("n")} (then
        (i32.store (i32.const {_LINKS + 4}) (call $many (local.get $u) (local.get $un) (i32.const 32)))
        (i32.store (i32.const {_LINKS + 8}) (i32.const {MANY}))))
      (i32.const {_LINKS}))
    (func (export "validate-html") (param $p i32) (param $n i32) (result i32)
      {obey} (i32.const {_VALID}))
    (func (export "health-check") (result i32) (global.get $health))
    (func (export "get-info") (result i32) (i32.const {_INFO}))
    (func (export "reset-state") (result i32) (i32.const {_RESET}))
    (func (export "get-modes") (result i32) (i32.const {_MODES})))"""


@cache
def misbehaving_wat(
    start_pages: int = START_PAGES,
    *,
    imports: bool = False,
    interface: str = INTERFACE,
    without: str = "",
    polls: bool = False,
) -> str:
    """The component's text.

    ``polls`` has it look at one more page in every loop; ``imports`` adds an import, which no
    guest may have; ``interface`` exports it under another name; ``without`` leaves a function
    of the contract out.
    """
    functions = {name: signature for name, signature in _FUNCTIONS.items() if name != without}
    lifts = "\n".join(
        f'(func $f-{name} {signature} (canon lift (core func $i "{name}") (memory $mem)'
        f' (realloc (core func $i "realloc")) string-encoding=utf8))'
        for name, signature in functions.items()
    )
    # Named types of an exported instance have to be exported with it: an inner component does that.
    outer_types = "\n".join(f"(type ${name} {body})" for name, (_, body) in _TYPES.items())
    raw_types = "\n".join(
        f'(type ${name}-raw {body}) (import "t-{called}" (type ${name} (eq ${name}-raw)))'
        for name, (called, body) in _TYPES.items()
    )
    imported = "\n".join(
        f'(import "f-{name}" (func $in-{name} {signature}))' for name, signature in functions.items()
    )
    exported_types = "\n".join(
        f'(export $x-{name} "{called}" (type ${name}))' for name, (called, _) in _TYPES.items()
    )
    exported = "\n".join(
        f'(export "{name}" (func $in-{name}) (func {_of_exported_types(signature)}))'
        for name, signature in functions.items()
    )
    with_types = " ".join(f'(with "t-{called}" (type ${name}))' for name, (called, _) in _TYPES.items())
    with_functions = " ".join(f'(with "f-{name}" (func $f-{name}))' for name in functions)
    return f"""(component
  {'(import "host" (func))' if imports else ""}
  {_core_module(start_pages, start_pages if polls else None)}
  (core instance $i (instantiate $m))
  (alias core export $i "memory" (core memory $mem))
  {outer_types}
  {lifts}
  (component $shim
    {raw_types}
    {imported}
    {exported_types}
    {exported})
  (instance $interface (instantiate $shim {with_types} {with_functions}))
  (export "{interface}" (instance $interface)))
"""


def _of_exported_types(signature: str) -> str:
    for name in _TYPES:
        signature = signature.replace(f"${name}", f"$x-{name}")
    return signature


def write_misbehaving(
    directory: Path,
    start_pages: int = START_PAGES,
    *,
    imports: bool = False,
    interface: str = INTERFACE,
    without: str = "",
    polls: bool = False,
) -> Path:
    """Writes the component into ``directory``; its path. Options as of :func:`misbehaving_wat`."""
    path = directory / f"misbehaving{'-polls' * polls}.wasm"
    wat = misbehaving_wat(start_pages, imports=imports, interface=interface, without=without, polls=polls)
    path.write_bytes(bytes(wat2wasm(wat)) + POLLS_SECTION * polls)
    return path
