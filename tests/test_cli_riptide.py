"""The command line, called as a person calls it."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers import Answers, WebServer
from waiting import PATIENCE_S

from scrapy_riptide import Extractor
from scrapy_riptide.cli import pages

SITE = Path(__file__).parents[1] / "example_project" / "example" / "pages"
FERRY = SITE / "de" / "faehre.html"
RIPTIDE = [sys.executable, "-m", "scrapy_riptide"]

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module", autouse=True)
def compiled(not_the_users_cache: None) -> None:
    """Whichever test comes first, its command needn't say that it compiles."""
    with Extractor() as extractor:
        extractor.wait_until_ready()


def start(*arguments: str, **options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*RIPTIDE, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, **options},
    )


def riptide(
    *arguments: str, stdin: bytes = b"", environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [*RIPTIDE, *arguments],
        input=stdin,
        capture_output=True,
        env={**os.environ, **(environ or {})},
        timeout=PATIENCE_S,
        check=False,
    )
    return subprocess.CompletedProcess(
        result.args, result.returncode, result.stdout.decode("utf-8"), result.stderr.decode("utf-8")
    )


def extracted(*arguments: str, stdin: bytes = b"") -> dict[str, object]:
    result = riptide("extract", *arguments, stdin=stdin)
    assert (result.returncode, result.stderr) == (0, "")
    content: dict[str, object] = json.loads(result.stdout)
    return content


# Files and standard input


def test_a_file_becomes_json_with_every_field() -> None:
    content = extracted("--input-file", str(FERRY), "--url", "https://saltmere.example/de/faehre.html")
    assert list(content) == [
        "url",
        "title",
        "byline",
        "published_iso",
        "markdown",
        "text",
        "links",
        "media",
        "language",
        "reading_time",
        "quality_score",
        "word_count",
        "categories",
        "site_name",
        "description",
        "engine",
    ]
    assert content["url"] == "https://saltmere.example/de/faehre.html"
    assert content["title"] == "Die Abendfähre bleibt – vorerst"
    assert content["language"] == "de"
    assert content["engine"] == "wasm"
    assert "beleidigte Kuh" in str(content["text"])


def test_standard_input_is_a_page_as_well() -> None:
    from_file = extracted("--input-file", str(FERRY), "--url", "https://saltmere.example/a")
    from_stdin = extracted(
        "--input-file", "-", "--url", "https://saltmere.example/a", stdin=FERRY.read_bytes()
    )
    assert from_stdin == from_file
    for file in ("-", str(FERRY)):
        by_position = extracted(file, "--url", "https://saltmere.example/a", stdin=FERRY.read_bytes())
        assert by_position == from_file


def test_a_file_without_an_address_has_the_file_s() -> None:
    assert extracted("--input-file", str(FERRY))["url"] == FERRY.as_uri()


@pytest.mark.parametrize("engine", ["wasm", "fallback"])
@pytest.mark.parametrize("format_", ["text", "markdown"])
def test_text_and_markdown_are_what_the_json_holds(engine: str, format_: str) -> None:
    arguments = ("--input-file", str(FERRY), "--engine", engine)
    printed = riptide("extract", *arguments, "--format", format_)
    assert printed.returncode == 0
    assert printed.stdout == f"{extracted(*arguments)[format_]}\n"


def test_the_fallback_engine_says_so() -> None:
    assert extracted("--input-file", str(FERRY), "--engine", "fallback")["engine"] == "parsel"


def test_selectors_choose_what_is_extracted() -> None:
    result = riptide(
        "extract", "--input-file", str(FERRY), "--select", "h1", "--select", "blockquote", "--format", "text"
    )
    assert result.returncode == 0
    words = result.stdout.split()
    assert words[:3] == ["Die", "Abendfähre", "bleibt"]
    assert "kennen." in words
    assert "Verbeek" not in result.stdout


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (b"\xef\xbb\xbf" + "<title>Grüße</title><p>ä".encode(), "Grüße"),
        ("<title>Grüße</title><p>ä".encode("utf-16"), "Grüße"),
        ('<meta charset="iso-8859-2"><title>Łódź</title><p>ź'.encode("iso-8859-2"), "Łódź"),
        ('<meta charset="shift_jis"><title>港の鯖</title><p>港'.encode("shift_jis"), "港の鯖"),
        ("<title>Grüße</title><p>undeclared".encode(), "Grüße"),
        ("<title>Grüße – 5 €</title><p>undeclared".encode("cp1252"), "Grüße – 5 €"),
    ],
    ids=["BOM", "UTF-16", "Latin 2", "Shift JIS", "UTF-8", "Windows-1252"],
)
def test_files_are_decoded_as_browsers_do(body: bytes, title: str) -> None:
    assert extracted("--input-file", "-", stdin=body)["title"] == title


def test_output_is_utf_8_in_any_locale() -> None:
    result = riptide(
        "extract",
        "--input-file",
        str(FERRY),
        "--format",
        "text",
        environ={"LC_ALL": "C", "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"},
    )
    assert result.returncode == 0
    assert "„Marigold“" in result.stdout


# What goes wrong


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--input-file", "no/such/file"], "riptide: no/such/file can't be read: No such file or directory."),
        (["--input-file", str(SITE)], f"riptide: {SITE} can't be read: Is a directory."),
        (
            ["--url", "file:///etc/hostname"],
            "riptide: file:///etc/hostname is no address on the web: it takes one that begins with http:// or https://.",
        ),
        (
            ["--url", "http://127.0.0.1:1/"],
            "riptide: http://127.0.0.1:1/ can't be fetched: Connection refused.",
        ),
    ],
)
def test_what_can_t_be_read_is_one_sentence(arguments: list[str], sentence: str) -> None:
    result = riptide("extract", *arguments)
    assert (result.returncode, result.stdout, result.stderr) == (1, "", f"{sentence}\n")


@pytest.mark.parametrize("engine", ["wasm", "fallback"])
@pytest.mark.parametrize(
    "arguments", [["--url", "https://a.example/"], ["--url", "not-an-address"]], ids=["empty", "bad address"]
)
def test_a_page_that_is_none_is_one_sentence(engine: str, arguments: list[str]) -> None:
    body = b"<p>x" if "not-an-address" in arguments else b"  \n"
    result = riptide("extract", "--input-file", "-", "--engine", engine, *arguments, stdin=body)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("riptide: ")
    assert result.stderr.count("\n") == 1


def test_a_bad_selector_is_named() -> None:
    result = riptide("extract", "--input-file", str(FERRY), "--select", "p[[")
    assert (result.returncode, result.stdout) == (1, "")
    assert "p[[" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["extract"],
        ["extract", "--mode", "everything", "--input-file", "-"],
        ["extract", "--input-file", "-", "page.html"],
        ["extract", "--mode", "full", "--select", "p", "--input-file", "-"],
        ["extract", "--mode", "metadata", "--format", "text", "--input-file", "-"],
        ["cache"],
        ["cache", "--list", "--clear"],
    ],
)
def test_asked_wrongly_is_2_with_the_usage(arguments: list[str]) -> None:
    result = riptide(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("usage: riptide")


def test_a_bad_option_of_the_runtime_is_2_with_its_name() -> None:
    result = riptide("health", environ={"RIPTIDE_WASM_TIMEOUT_SECS": "soon"})
    assert (result.returncode, result.stdout) == (2, "")
    assert "RIPTIDE_WASM_TIMEOUT_SECS = 'soon' is not allowed" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_closed_pipe_is_no_traceback() -> None:
    paragraph = "<p>Some words that fill the pipe between two processes, again and again.</p>"
    process = start("extract", "--input-file", "-", "--mode", "full")
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    process.stdin.write(f"<title>Long</title><main>{paragraph * 20_000}</main>")
    process.stdin.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(PATIENCE_S) == 141


def test_ctrl_c_is_130_without_a_word() -> None:
    process = start("extract", "--input-file", "-")
    assert process.stdin
    # More than a pipe holds: once it is written, the command is reading, and waits for the rest.
    process.stdin.write("<p>words</p>" * 20_000)
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    output, messages = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, output, messages) == (130, "", "")


# The web


class Web(Answers):
    PAGE = (
        "<html lang=fr><title>Où est-ce ?</title><p>Voilà une page courte, servie par une machine.".encode()
    )

    def respond(self) -> None:
        answers: dict[str, tuple[int, dict[str, str], bytes]] = {
            "/page": (200, {"Content-Type": "text/html; charset=utf-8"}, self.PAGE),
            "/moved": (302, {"Location": "/page"}, b""),
            "/round": (302, {"Location": "/round"}, b""),
            "/ftp": (302, {"Location": "ftp://127.0.0.1/etc/hostname"}, b""),
            "/escape": (302, {"Location": "file:///etc/hostname"}, b""),
            "/zipped": (
                200,
                {"Content-Type": "text/html", "Content-Encoding": "gzip"},
                gzip.compress(self.PAGE),
            ),
            "/cut": (
                200,
                {"Content-Type": "text/html", "Content-Encoding": "gzip"},
                gzip.compress(self.PAGE)[:-9],
            ),
            "/bomb": (
                200,
                {"Content-Type": "text/html", "Content-Encoding": "gzip"},
                gzip.compress(bytes(pages._MAX_BYTES + 1), 1),
            )
            if self.path == "/bomb"
            else (200, {}, b""),
            "/picture": (200, {"Content-Type": "image/png"}, b"\x89PNG"),
        }
        status, headers, body = answers.get(self.path, (404, {}, b"nothing here"))
        self.answer(body, status, headers)


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with WebServer(Web) as server:
        yield server.address


@pytest.mark.parametrize("path", ["/page", "/moved", "/zipped"])
def test_a_page_is_fetched_and_has_its_final_address(web: str, path: str) -> None:
    content = extracted("--url", web + path)
    assert content["title"] == "Où est-ce ?"
    assert content["url"] == web + path.replace("moved", "page")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/nothing", "answered 404 Not Found."),
        ("/escape", "answered 302 Found - Redirection to url 'file:///etc/hostname' is not allowed."),
        ("/cut", "ended before all of it was there."),
        ("/bomb", "is larger than 64 MiB."),
        ("/picture", "is image/png, not HTML."),
    ],
)
def test_what_can_t_be_fetched_is_one_sentence(web: str, path: str, words: str) -> None:
    result = riptide("extract", "--url", web + path)
    assert (result.returncode, result.stdout, result.stderr) == (1, "", f"riptide: {web}{path} {words}\n")


def test_going_round_in_circles_ends(web: str) -> None:
    result = riptide("extract", "--url", f"{web}/round")
    assert (result.returncode, result.stdout) == (1, "")
    assert "Traceback" not in result.stderr


# Looking after the extractor


def test_health_is_json_and_0_when_all_is_well() -> None:
    result = riptide("health")
    assert (result.returncode, result.stderr) == (0, "")
    health = json.loads(result.stdout)
    assert health["status"] == "ok"
    assert health["circuit_breaker_state"] == "closed"


def test_a_component_that_can_t_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "no.wasm").write_text("no component")
    for command in (["health"], ["warm"], ["version"], ["extract", "--input-file", str(FERRY)]):
        result = riptide(*command, environ={"RIPTIDE_WASM_COMPONENT": str(tmp_path / "no.wasm")})
        assert (result.returncode, result.stdout) == (1, "")
        assert (
            result.stderr == f"riptide: {tmp_path}/no.wasm is no WebAssembly: it doesn't begin with \\0asm\n"
        )


def test_the_cache_is_warmed_listed_and_cleared(tmp_path: Path) -> None:
    directory = tmp_path / "aot"
    environ = {"RIPTIDE_WASM_CACHE_DIR": str(directory)}
    assert riptide("cache", "--list", environ=environ).stdout == f"0 files in {directory}\n"
    first = riptide("warm", environ=environ)
    assert first.returncode == 0
    assert first.stdout.startswith(f"Compiled into {directory}. A start takes ")
    again = riptide("warm", environ=environ)
    assert again.stdout.startswith(f"Compiled already, in {directory}. A start takes ")
    listed = riptide("cache", "--list", environ=environ).stdout.splitlines()
    assert len(listed) == 2
    assert listed[0].endswith(".cwasm")
    assert listed[1] == f"1 file in {directory}"
    assert riptide("cache", "--clear", environ=environ).stdout == f"Removed 1 file from {directory}\n"
    assert list(directory.glob("*.cwasm")) == []


def test_a_cache_that_keeps_nothing_is_not_called_warm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    result = riptide("warm", environ={"RIPTIDE_WASM_CACHE_DIR": str(tmp_path / "file")})
    assert (result.returncode, result.stdout) == (1, "")
    # At once: nobody waits for a compilation that will be lost.
    assert result.stderr == (
        f"riptide: nothing can be kept in {tmp_path / 'file'} (File exists): make it a directory that is"
        " yours alone with room for 20 MB, or set RIPTIDE_WASM_CACHE_DIR to one\n"
    )


def test_a_cache_that_is_turned_off_is_not_looked_after() -> None:
    result = riptide("cache", "--list", environ={"RIPTIDE_WASM_ENABLE_AOT_CACHE": "0"})
    assert (result.returncode, result.stdout) == (1, "")
    assert "RIPTIDE_WASM_ENABLE_AOT_CACHE" in result.stderr


def test_versions_name_everything_that_takes_part() -> None:
    result = riptide("version")
    assert (result.returncode, result.stderr) == (0, "")
    assert [line.split()[0] for line in result.stdout.splitlines()] == [
        "scrapy-riptide",
        "component",
        "wasmtime",
        "Scrapy",
        "Python",
    ]
