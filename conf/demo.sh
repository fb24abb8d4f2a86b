#!/bin/sh
# Laurel and a demo LMS on this machine, from a bare Debian 12 to a page to click on.
#   sh conf/demo.sh           builds and starts everything, prints one URL, stays until Ctrl-C
#   sh conf/demo.sh --stop    ends it from elsewhere
#   sh conf/demo.sh --reset   forgets everything kept of earlier runs, then starts
# The demo LMS lives in memory. So every start is the same school on its first day, with a fresh database.
set -u
LAUREL_SOURCE=$(cd "$(dirname "$0")/.." && pwd) || exit 1
export LAUREL_SOURCE
# shellcheck source=conf/private.sh
. "$LAUREL_SOURCE/conf/private.sh"

# A second demo beside the first: give it another folder. PostgreSQL's own account cannot pass through root's home.
if [ -n "${LAUREL_DEMO_STATE:-}" ]; then
    state=$LAUREL_DEMO_STATE
elif is_root; then
    state=/var/lib/laurel-demo
else
    state=${XDG_STATE_HOME:-$HOME/.local/state}/laurel-demo
fi
pid_file=$state/pid

# running: prints the id of the demo that runs, if one does.
running() {
    pid=$(cat "$pid_file" 2>/dev/null) || return 1
    tr '\0' ' ' <"/proc/${pid:-none}/cmdline" 2>/dev/null | grep -q 'demo\.sh' && echo "$pid"
}

stop_running() {
    pid=$(running) || return 1
    kill -TERM "$pid" 2>/dev/null
    for _ in $(seq 300); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.2
    done
    die "the demo (process $pid) does not end"
}

case ${1:-} in
'') ;;
--stop)
    if stop_running; then say "The demo has ended."; else say "No demo is running."; fi
    exit 0
    ;;
--reset)
    stop_running
    rm -rf "$state"
    ;;
*)
    say "usage: sh conf/demo.sh [--stop | --reset]"
    exit 2
    ;;
esac

if pid=$(running); then die "The demo runs already (process $pid): $(cat "$state/url" 2>/dev/null)"; fi

# step WHAT COMMAND...: says what happens; the command's output is shown only when it fails.
step() {
    [ -z "$1" ] || say "$1"
    shift
    ("$@") >"$state/step.log" 2>&1 && return 0
    cat "$state/step.log" >&2
    die "This failed. The logs are in $state."
}

build() {
    cmake -S "$LAUREL_SOURCE" -B "$LAUREL_SOURCE/build" -G Ninja -DCMAKE_BUILD_TYPE=Release &&
        cmake --build "$LAUREL_SOURCE/build" --parallel "$(nproc 2>/dev/null || echo 2)" --target laurel laurel-render
}

# fact PYTHON-EXPRESSION: of the demo LMS, from the line it wrote when it was ready.
fact() { $PYTHON -c 'import json, sys; lms = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$state/lms.json" "$1"; }

write_configuration() {
    cat >"$state/laurel.conf" <<CONF
database = "host=$SCRATCH/run port=5432 dbname=laurel user=laurel_app";
migrate_database = "host=$SCRATCH/run port=5432 dbname=laurel user=laurel_owner";
base_url = "$base_url";
listen = "unix:$SCRATCH/laurel.sock";
threads = 32;
database_connections = 4;
master_key_file = "$state/master.key";
outbound_allow = ["127.0.0.1:$lms_port"];
log_level = "info";
CONF
}

# The badge file names courses by short name; Laurel wants them as launches name them.
write_badges() {
    $PYTHON - "$state/lms.json" "$LAUREL_SOURCE/conf/demo-badges.json" "$state/badges.json" <<'PY'
import json, sys
lms, badges = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:3])
ids = {course["shortname"]: str(course["id"]) for course in lms["courses"]}
for badge in badges["badges"]:
    badge["courses"] = [{"issuer": lms["issuer"], "client_id": lms["client_id"], "deployment_id": lms["deployment_id"],
                         "context_id": ids[course["context_id"]]} for course in badge["courses"]]
json.dump(badges, open(sys.argv[3], "w", encoding="utf-8"), ensure_ascii=False, indent=2)
PY
}

laurel() { "$LAUREL_SOURCE/build/laurel" -c "$state/laurel.conf" "$@"; }

# shellcheck disable=SC2046 # lists of words on purpose
need_packages $(packages_to_build) $(packages_to_run)
mkdir -p "$state" || die "cannot make $state"
if is_root; then chmod 711 "$state"; else chmod 700 "$state"; fi
rm -f "$state"/*.log "$state"/lms.json "$state"/url "$state"/master.key
step "Building Laurel" build

scratch_dir
stop_all_at_exit
at_exit() { rm -f "$pid_file" "$state/url" "$state/master.key" "$state/ws-token"; }
echo $$ >"$pid_file"

CLUSTER=$state/pg
step "Starting a private PostgreSQL" start_postgres "$state/pg" "$SCRATCH/run" on
step "Making a fresh database" pg_sql "$SCRATCH/run" postgres -c 'DROP DATABASE IF EXISTS laurel WITH (FORCE)'
step "" make_database "$SCRATCH/run" laurel

lms_port=$(free_port 8480) || exit 1
port=$(free_port $((lms_port + 1))) || exit 1
base_url=http://127.0.0.1:$port
write_configuration
step "Preparing the database" laurel migrate
step "Making the master key" laurel key init

say "Starting the demo LMS"
start_child "$state/lms.log" $PYTHON "$LAUREL_SOURCE/tests/lms/lms.py" --host 127.0.0.1 --port "$lms_port" \
    --tool "$base_url" --seed 0 --ready-file "$state/lms.json"
lms_pid=$CHILD
for _ in $(seq 100); do
    [ -s "$state/lms.json" ] || ! kill -0 "$lms_pid" 2>/dev/null || sleep 0.2
done
[ -s "$state/lms.json" ] || die "the demo LMS did not start: $(tail -n 3 "$state/lms.log")"
issuer=$(fact 'lms["issuer"]') client_id=$(fact 'lms["client_id"]') deployment=$(fact 'lms["deployment_id"]')
administrator=$(fact '[user["id"] for user in lms["users"] if user["role"] == "admin"][0]')
(umask 077 && fact 'lms["ws_token"]' >"$state/ws-token")

step "Connecting the LMS" laurel platform add --issuer "$issuer" --client-id "$client_id" \
    --auth-url "$(fact 'lms["auth_url"]')" --token-url "$(fact 'lms["token_url"]')" --jwks-url "$(fact 'lms["jwks_url"]')" \
    --deployment "$deployment" --institution "Northside College" --json
step "" laurel source set --issuer "$issuer" --client-id "$client_id" --deployment "$deployment" --kind moodle \
    --base-url "$issuer" --token-file "$state/ws-token"
write_badges || die "conf/demo-badges.json does not fit the demo LMS"
step "Importing the badges" laurel badge import "$state/badges.json"
step "" laurel admin grant --issuer "$issuer" --client-id "$client_id" --sub "$administrator" --institution "Northside College"

say "Starting nginx, laurel serve and laurel worker"
write_nginx "$SCRATCH" "$port" "$SCRATCH/laurel.sock"
start_child "$state/nginx.log" "$(nginx_program)" -e "$SCRATCH/nginx-error.log" -p "$SCRATCH" -c "$SCRATCH/nginx.conf"
nginx_pid=$CHILD
start_child "$state/serve.log" "$LAUREL_SOURCE/build/laurel" -c "$state/laurel.conf" serve
serve_pid=$CHILD
wait_for_url "$base_url/readyz" 60 "$serve_pid" || die "laurel serve is not ready: $(tail -n 3 "$state/serve.log")"
start_child "$state/worker.log" "$LAUREL_SOURCE/build/laurel" -c "$state/laurel.conf" worker
worker_pid=$CHILD
laurel sync >>"$state/step.log" 2>&1 || say "The first reading of the courses starts at the first launch."

echo "$issuer/" >"$state/url"
say ""
say "Ready. Open this page, and choose to be a student, a teacher or the administrator:"
say ""
printf '    %s/\n' "$issuer"
say ""
say "Laurel itself is at $base_url; logs are in $state. Ctrl-C (or sh conf/demo.sh --stop) ends it."

while :; do
    sleep 1 &
    wait $!
    for part in "lms $lms_pid" "nginx $nginx_pid" "serve $serve_pid" "worker $worker_pid"; do
        kill -0 "${part#* }" 2>/dev/null || die "${part% *} has ended: $(tail -n 3 "$state/${part% *}.log")"
    done
done
