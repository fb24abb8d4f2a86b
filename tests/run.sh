#!/bin/sh
# Builds and tests everything: see tests/README.md. Ends with the line "N passed, N failed".
#   sh tests/run.sh           all that fits 20 minutes on two cores
#   sh tests/run.sh --quick   unit, database, replay and flow tests only: no linters, second compiler or browser
#   sh tests/run.sh --long    adds real fuzzing and ThreadSanitizer
set -u
LAUREL_SOURCE=$(cd "$(dirname "$0")/.." && pwd) || exit 1
export LAUREL_SOURCE
# shellcheck source=conf/private.sh
. "$LAUREL_SOURCE/conf/private.sh"
cd "$LAUREL_SOURCE" || exit 1

quick=''
long=''
for option in "$@"; do
    case $option in
    --quick) quick=1 ;;
    --long) long=1 ;;
    *)
        say "usage: sh tests/run.sh [--quick | --long]"
        exit 2
        ;;
    esac
done
jobs=$(nproc 2>/dev/null || echo 2)

# shellcheck disable=SC2046 # lists of words on purpose
need_packages $(packages_to_build) $(packages_to_run) clang ccache libcmocka-dev \
    python3-pytest python3-pytest-xdist python3-psycopg2 python3-cryptography python3-pyld python3-jsonschema \
    python3-pil zbar-tools poppler-utils pngcheck apache2-bin
[ -n "$quick" ] || need_packages clang-format clang-tidy cppcheck shellcheck python3-selenium chromium chromium-driver \
    webkit2gtk-driver xvfb

scratch_dir
stop_all_at_exit
results=$SCRATCH/results
mkdir "$results" || exit 1
export PYTHONDONTWRITEBYTECODE=1
# Clones of the same source compile the same wherever they lie.
export CCACHE_BASEDIR="$LAUREL_SOURCE" CCACHE_NOHASHDIR=1
export ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"

heading() { say "--- $*"; }

# step NAME COMMAND...: one thing that passes or fails; its output is shown when it fails.
step() {
    name=$1
    shift
    heading "$name"
    started=$(date +%s)
    if "$@" >"$SCRATCH/$name.log" 2>&1; then verdict=passed; else verdict=failed; fi
    grep -h '^note: ' "$SCRATCH/$name.log" >&2
    [ $verdict = passed ] || tail -n 60 "$SCRATCH/$name.log" >&2
    echo "$name $verdict $(($(date +%s) - started))" >>"$results/steps"
    [ $verdict = passed ]
}

# build FOLDER COMPILER OPTION...
build() {
    folder=$1 compiler=$2
    shift 2
    cmake -S . -B "$folder" -G Ninja -DCMAKE_C_COMPILER="$compiler" -DCMAKE_C_COMPILER_LAUNCHER=ccache \
        -DLAUREL_TESTS=ON "$@" && cmake --build "$folder" --parallel "$jobs"
}

# programs FOLDER LABEL JOBS: the C tests with this label; their counts come from the JUnit file.
programs() {
    heading "$2"
    # Their verdicts are read from the file; ctest's own exit status would only repeat them.
    ctest --test-dir "$1" -L "^$2\$" --parallel "$3" --quiet --output-junit "$results/$(basename "$1").$2.xml" \
        --test-output-size-passed 10000000 --test-output-size-failed 10000000 --output-on-failure \
        --no-tests=ignore >&2
    [ -f "$results/$(basename "$1").$2.xml" ] || echo "$2 failed 0" >>"$results/steps"
}

# suite NAME [OPTION...]: the pytest suite in tests/NAME, if it has tests.
suite() {
    name=$1
    shift
    find "tests/$name" -name 'test_*.py' 2>/dev/null | grep -q . || return 0
    heading "$name"
    $PYTHON -m pytest -q -p no:cacheprovider --junitxml="$results/$name.xml" "$@" "tests/$name" >&2
    # 1: tests failed, which the file says; anything above is a suite that could not run.
    [ $? -le 1 ] || echo "$name failed 0" >>"$results/steps"
}

c_sources() { find module tests conf include -name '*.[ch]' | sort; }

format_check() { c_sources | xargs clang-format --dry-run -Werror; }

tidy_check() { $PYTHON tests/support/tidy.py build-clang "$jobs" 75; }

cppcheck_check() {
    mkdir -p .cache/cppcheck
    cppcheck --project=build-clang/compile_commands.json --cppcheck-build-dir=.cache/cppcheck -j "$jobs" --quiet \
        -i "$PWD/tests" -i "$PWD/build-clang" --suppress="*:$PWD/build-clang/*" --suppressions-list=tests/support/cppcheck.txt --inline-suppr \
        --enable=warning,performance,portability --error-exitcode=1
}

shell_check() { shellcheck -x .ci/run conf/*.sh tests/*.sh; }

# Packages that judge what we sign; npm's cache serves when the network does not.
verifiers() {
    js=tests/support/js
    [ -n "$(find $js/node_modules/.package-lock.json -newer $js/package-lock.json 2>/dev/null)" ] ||
        npm --prefix $js ci --ignore-scripts --prefer-offline
}

built=
command -v npm >/dev/null 2>&1 || need_packages nodejs npm
step npm verifiers
step build build build-asan gcc -DCMAKE_BUILD_TYPE=Debug -DLAUREL_SANITIZE=ON && built=1
if [ -z "$quick" ]; then
    step build-clang build build-clang clang -DCMAKE_BUILD_TYPE=Release
    step clang-format format_check
    step clang-tidy tidy_check
    step cppcheck cppcheck_check
    step shellcheck shell_check
fi

if [ -n "$built" ]; then
    start_postgres "$SCRATCH/pg" "$SCRATCH/run" off
    make_database "$SCRATCH/run" laurel_test
    export LAUREL_TEST_CLUSTER="$SCRATCH/run"
    export LAUREL_TEST_DATABASE="host=$SCRATCH/run port=5432 dbname=laurel_test user=laurel_owner"
    export LAUREL_TEST_APP_DATABASE="host=$SCRATCH/run port=5432 dbname=laurel_test user=laurel_app"
    export LAUREL_BIN="$PWD/build-asan/laurel"
    programs build-asan unit "$jobs"
    programs build-asan fuzz "$jobs"
    programs build-asan db 1
    # These mostly wait for programs they started: a file on each processor at a time, and one more.
    suite lms -n "$jobs" --dist loadfile
    suite flow -n $((jobs + 1)) --dist loadfile
    [ -n "$quick" ] || suite browser -n "$jobs" --dist loadfile
fi

if [ -n "$long" ] && [ -n "$built" ]; then
    step build-tsan build build-tsan clang -DCMAKE_BUILD_TYPE=Debug -DLAUREL_TSAN=ON && {
        programs build-tsan unit "$jobs"
        LAUREL_BIN="$PWD/build-tsan/laurel"
        heading "flow under ThreadSanitizer"
        $PYTHON -m pytest -q -p no:cacheprovider --junitxml="$results/flow-tsan.xml" tests/flow >&2
    }
    step build-fuzz build build-fuzz clang -DCMAKE_BUILD_TYPE=Debug -DLAUREL_FUZZ=ON -DLAUREL_TESTS=OFF -DLAUREL_SANITIZE=ON &&
        for target in build-fuzz/tests/fuzz_*; do
            name=$(basename "$target")
            mkdir -p "$SCRATCH/$name"
            step "$name" "$target" -max_total_time=60 -timeout=5 -artifact_prefix="$SCRATCH/$name/" \
                "$SCRATCH/$name" "tests/fuzz/corpus/${name#fuzz_}"
        done
fi

# The last line of all is "N passed, N failed"; the exit status is the verdict.
$PYTHON tests/support/tally.py "$results"
