#!/bin/sh
# Measures launches, judging, signing and public pages beside ceilings taken in the same run: see tests/bench/README.md.
#   sh tests/bench/run.sh [launch|judge|sync|credential|public|export|all] [--seconds N] [--rounds N] [--fsync on|off] [--awards N] [--json FILE]
set -u
LAUREL_SOURCE=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
export LAUREL_SOURCE
# shellcheck source=conf/private.sh
. "$LAUREL_SOURCE/conf/private.sh"

export LAUREL_BENCH_BUILD="${LAUREL_BENCH_BUILD:-$LAUREL_SOURCE/build-bench}"
export PYTHONDONTWRITEBYTECODE=1

fsync=on
last=
for word in "$@"; do
    case $last=$word in
    --fsync=on | --fsync=off) fsync=$word ;;
    esac
    case $word in
    --fsync=on | --fsync=off) fsync=${word#--fsync=} ;;
    --help | -h) exec "$PYTHON" "$LAUREL_SOURCE/tests/bench/bench.py" --help ;;
    esac
    last=$word
done

# shellcheck disable=SC2046 # lists of words on purpose
need_packages $(packages_to_build) $(packages_to_run) ccache libcmocka-dev python3-psycopg2 python3-cryptography

say "Building"
build() {
    cmake -S "$LAUREL_SOURCE" -B "$LAUREL_BENCH_BUILD" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_C_COMPILER_LAUNCHER=ccache -DLAUREL_TESTS=ON -DLAUREL_BENCH=ON &&
        cmake --build "$LAUREL_BENCH_BUILD" --parallel "$(nproc 2>/dev/null || echo 2)" \
            --target laurel laurel-render bench_blast bench_ceiling bench_decide bench_credential bench_hello
}
scratch_dir
stop_all_at_exit
build >"$SCRATCH/build.log" 2>&1 || {
    tail -n 40 "$SCRATCH/build.log" >&2
    die "the build failed"
}
export LAUREL_BIN="$LAUREL_BENCH_BUILD/laurel"

start_postgres "$SCRATCH/pg" "$SCRATCH/run" "$fsync"
export LAUREL_TEST_CLUSTER="$SCRATCH/run"
"$PYTHON" "$LAUREL_SOURCE/tests/bench/bench.py" "$@"
