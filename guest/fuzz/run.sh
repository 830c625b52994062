#!/usr/bin/env bash
# Fuzzes the guest's parser, natively: guest/fuzz/run.sh [SECONDS]. Exit code 1, and the document, when it fails.
# libFuzzer's instrumentation is LLVM's own, so a stable Rust has it; `cargo fuzz` wants a nightly one.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:-60}
target=${CARGO_TARGET_DIR:-$PWD/../target/fuzz}
host=$(rustc -vV | sed -n 's/^host: //p')

export CARGO_TARGET_DIR=$target
export RUSTFLAGS="--cfg fuzzing -Cdebug-assertions -Ccodegen-units=1 -Cpasses=sancov-module \
-Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
# With a target named, build scripts are left without the instrumentation, which they could not link.
cargo build --quiet --release --target "$host"

mkdir -p "$target/corpus"
"$target/$host/release/parse" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -verbosity=0 \
    -print_final_stats=1 -artifact_prefix="$target/" "$target/corpus" ../../example_project/example/pages
