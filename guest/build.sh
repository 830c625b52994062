#!/bin/sh
# Build the guest from source, with SIMD and without, and check that neither imports anything.
#
#   guest/build.sh [OUTPUT_DIR]      default: scrapy_riptide/wasm
#
# Two toolchains will do, and the first that is complete is taken:
#   debian  rustc-web cargo-web rust-web-src rust-web-llvm lld-22 (the standard library is built as well)
#   rustup  the active toolchain with the target wasm32-unknown-unknown
# RIPTIDE_TOOLCHAIN=debian|rustup chooses one. The same toolchain gives the same bytes from any
# checkout: no path of the machine is left inside.
set -eu

guest=$(cd "$(dirname "$0")" && pwd)
out=${1:-$guest/../scrapy_riptide/wasm}
target=wasm32-unknown-unknown
target_dir=${CARGO_TARGET_DIR:-$guest/target}/component
multiarch=/usr/lib/rustlib/$(uname -m)-unknown-linux-gnu

has_debian() {
    [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ] && [ -x /usr/bin/wasm-ld-22 ] &&
        [ -x "$multiarch/bin/wasm-component-ld" ] && [ -d "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library" ]
}

has_rustup() {
    command -v rustup >/dev/null && [ -d "$(rustup run stable rustc --print sysroot 2>/dev/null)/lib/rustlib/$target/lib" ]
}

toolchain=${RIPTIDE_TOOLCHAIN:-}
if [ -z "$toolchain" ]; then
    if has_debian; then toolchain=debian
    elif has_rustup; then toolchain=rustup
    fi
fi

case $toolchain in
debian)
    has_debian || { echo "RIPTIDE_TOOLCHAIN=debian, but a part is missing: apt-get install rustc-web cargo-web rust-web-src rust-web-llvm lld-22" >&2; exit 1; }
    # /usr/bin first: a rustup shim earlier on the path would run another compiler.
    PATH=/usr/bin:$PATH RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
    export PATH RUSTC RUSTC_BOOTSTRAP
    cargo="/usr/bin/cargo"
    build_std="-Zbuild-std=std,panic_abort"
    sysroot=$(/usr/bin/rustc --print sysroot)
    linker="-Clinker=$multiarch/bin/wasm-component-ld -Clink-arg=--wasm-ld-path=/usr/bin/wasm-ld-22"
    ;;
rustup)
    has_rustup || { echo "RIPTIDE_TOOLCHAIN=rustup, but a part is missing: rustup toolchain install stable && rustup target add $target" >&2; exit 1; }
    cargo="rustup run stable cargo"
    build_std=""
    sysroot=$(rustup run stable rustc --print sysroot)
    host_bin=$(echo "$sysroot"/lib/rustlib/*/bin)
    linker="-Clinker=$host_bin/wasm-component-ld -Clink-arg=--wasm-ld-path=$host_bin/gcc-ld/wasm-ld"
    ;;
*)
    cat >&2 <<'SENTENCE'
No toolchain that can build the guest. Either
  apt-get install rustc-web cargo-web rust-web-src rust-web-llvm lld-22
or, with rustup,
  rustup toolchain install stable && rustup target add wasm32-unknown-unknown --toolchain stable
Without one, use the packaged scrapy_riptide/wasm/extractor.wasm, which is the same guest.
SENTENCE
    exit 1
    ;;
esac

cargo_home=${CARGO_HOME:-$HOME/.cargo}
remap="--remap-path-prefix=$guest=/guest --remap-path-prefix=$target_dir=/target"
remap="$remap --remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$sysroot/lib/rustlib/src/rust=/rust"

# 256 KiB of guest stack: nothing in the guest recurses as deep as a document nests, and what overflows traps.
# What a page starts with is one huge page of the host's; what stack and data leave of it is allocated first.
# No maximum of the memory's own: what that denies, wasmtime denies without asking the host, which then could not
# tell it from any other trap.
limits="-Clink-arg=-zstack-size=262144 -Clink-arg=--initial-memory=2097152"

build() { # variant, target features, file name
    CARGO_TARGET_DIR=$target_dir/$1 \
    RUSTFLAGS="$linker -Clink-arg=--wasi-adapter=none $limits -Ctarget-feature=$2 $remap" \
        $cargo build --quiet --locked --release --lib --target $target $build_std --manifest-path "$guest/Cargo.toml"
    mkdir -p "$out"
    # By a rename, so that what stands there always has its polls.
    cp "$target_dir/$1/$target/release/riptide_extractor.wasm" "$out/$3.new"
    "$target_dir/polls/debug/riptide-polls" "$out/$3.new"
    mv "$out/$3.new" "$out/$3"
}

echo "building the guest with the $toolchain toolchain: $($cargo --version), $(${RUSTC:-rustup run stable rustc} --version)"
# What stops a guest, put into it after the compiler: see guest/polls.
CARGO_TARGET_DIR=$target_dir/polls $cargo build --quiet --locked --package riptide-polls --manifest-path "$guest/Cargo.toml"
build simd +simd128,+bulk-memory extractor.wasm
build nosimd -simd128,+bulk-memory extractor-nosimd.wasm
exec python3 "$guest/check_component.py" "$out/extractor.wasm" "$out/extractor-nosimd.wasm"
