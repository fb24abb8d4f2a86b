# shellcheck shell=sh
# A private PostgreSQL and nginx that need no system service: POSIX sh functions shared by conf/demo.sh,
# tests/run.sh and tests/support/laurel.py. Source it; nothing happens until a function is called.
# Works as root (PostgreSQL then runs as the `postgres` account) and as anybody else.

PYTHON=/usr/bin/python3
CHILDREN=
CLUSTER=
SCRATCH=

say() { printf '%s\n' "$*" >&2; }
die() {
    say "$*"
    exit 1
}
is_root() { [ "$(id -u)" -eq 0 ]; }

# need_packages NAME...: installs the Debian packages that are missing, and only those.
need_packages() {
    missing=
    for package in "$@"; do
        installed=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || installed=
        [ "$installed" = installed ] || missing="$missing $package"
    done
    [ -z "$missing" ] && return 0
    if is_root; then
        with_rights=
    elif command -v sudo >/dev/null 2>&1; then
        with_rights=sudo
    else
        die "These Debian packages are missing, and this account is neither root nor has sudo:$missing"
    fi
    say "Installing:$missing"
    # shellcheck disable=SC2086 # both are lists of words on purpose
    {
        $with_rights env DEBIAN_FRONTEND=noninteractive apt-get -qq update >&2 &&
            $with_rights env DEBIAN_FRONTEND=noninteractive \
                apt-get -qq -y --no-install-recommends install $missing >&2
    } || die "apt-get could not install:$missing"
}

packages_to_build() {
    echo gcc libc6-dev cmake ninja-build pkg-config libjansson-dev libcurl4-openssl-dev libssl-dev libjwt-dev \
        libpq-dev libconfig-dev libcmark-dev libfcgi-dev libcsv-dev zlib1g-dev libzip-dev libqrencode-dev libxml2-dev \
        librsvg2-dev libcairo2-dev libseccomp-dev
}
# With the demo learning platform in tests/lms.
packages_to_run() {
    echo postgresql nginx ca-certificates tzdata fonts-dejavu-core python3 python3-flask python3-jwcrypto
}

# free_port WANTED: prints the first free TCP port of 127.0.0.1 from WANTED upwards; 0 means any.
free_port() {
    $PYTHON - "$1" <<'PY'
import socket, sys
wanted = int(sys.argv[1])
for port in range(wanted, wanted + 200) if wanted else [0]:
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            continue
        print(s.getsockname()[1])
        sys.exit(0)
sys.exit("no free port of 127.0.0.1 from %d upwards" % wanted)
PY
}

# wait_for_url URL SECONDS [PID]: until it answers 200; fails early when process PID has ended.
wait_for_url() {
    $PYTHON - "$@" <<'PY'
import http.client, os, sys, time, urllib.parse
url, seconds, pid = urllib.parse.urlsplit(sys.argv[1]), float(sys.argv[2]), int((sys.argv[3:] or ["0"])[0])
deadline = time.monotonic() + seconds
while time.monotonic() < deadline:
    try:
        ask = http.client.HTTPConnection(url.hostname, url.port, timeout=5)
        ask.request("GET", url.path or "/")
        if ask.getresponse().status == 200:
            sys.exit(0)
    except (OSError, http.client.HTTPException):
        pass
    if pid and not os.path.exists("/proc/%d" % pid):
        break
    time.sleep(0.1)
sys.exit(1)
PY
}

# scratch_dir: makes a short folder under /tmp (socket paths end at 107 bytes) and names it in SCRATCH.
# Only its owner may list it; root's may be entered, since PostgreSQL runs as somebody else.
scratch_dir() {
    SCRATCH=$(mktemp -d "/tmp/laurel.XXXXXX") || die "cannot make a folder under /tmp"
    if is_root; then chmod 711 "$SCRATCH"; fi
}

pg_bin() {
    for folder in /usr/lib/postgresql/*/bin; do
        [ -x "$folder/initdb" ] && newest=$folder
    done
    [ -n "${newest:-}" ] || die "PostgreSQL is not installed (no /usr/lib/postgresql/*/bin/initdb)"
    printf '%s\n' "$newest"
}

# as_postgres COMMAND...: PostgreSQL refuses to run as root.
as_postgres() {
    if is_root; then
        (cd / && exec runuser -u postgres -- "$@")
    else
        "$@"
    fi
}

# start_postgres DATA SOCKETS FSYNC: starts the cluster in folder DATA, made on first use, listening on a
# unix socket in folder SOCKETS only, and waits until it answers. FSYNC is on or off (tests).
# Creates the roles laurel_owner and laurel_app and the database laurel.
start_postgres() {
    data=$1 sockets=$2
    # Without fsync a power cut loses data, a killed server does not.
    durable="-c fsync=$3 -c full_page_writes=$3"
    bin=$(pg_bin) || exit 1
    mkdir -p "$data" "$sockets" || die "cannot make $data"
    if is_root; then chown postgres: "$data" "$sockets"; fi
    chmod 700 "$data" "$sockets"
    if [ ! -f "$data/PG_VERSION" ]; then
        as_postgres "$bin/initdb" --pgdata="$data" --auth=trust --username=postgres --encoding=UTF8 \
            --locale=C.UTF-8 --no-sync >"$sockets/initdb.log" 2>&1 ||
            die "initdb failed: $(tail -n 3 "$sockets/initdb.log")"
    fi
    as_postgres "$bin/pg_ctl" --pgdata="$data" --silent --wait --timeout=60 --log="$data/server.log" \
        --options="-c listen_addresses= -c unix_socket_directories=$sockets -c port=5432 -c max_connections=100 $durable" \
        start >/dev/null || die "PostgreSQL did not start: $(as_postgres tail -n 3 "$data/server.log")"
    CLUSTER=$data
    pg_sql "$sockets" postgres -c "SELECT 1 FROM pg_roles WHERE rolname = 'laurel_owner'" | grep -q 1 || {
        pg_sql "$sockets" postgres -c "CREATE ROLE laurel_owner LOGIN" -c "CREATE ROLE laurel_app LOGIN"
        make_database "$sockets" laurel
    } || die "cannot prepare the private PostgreSQL"
}

# pg_sql SOCKETS DATABASE PSQL-ARGUMENTS...: as the superuser of the private cluster.
pg_sql() {
    sockets=$1 database=$2
    shift 2
    as_postgres env -u PGOPTIONS -u PGSERVICE "$(pg_bin)/psql" -X -q -A -t -v ON_ERROR_STOP=1 \
        "host=$sockets port=5432 dbname=$database user=postgres" "$@"
}

# make_database SOCKETS NAME: an empty database that belongs to laurel_owner.
make_database() { pg_sql "$1" postgres -c "CREATE DATABASE \"$2\" OWNER laurel_owner TEMPLATE template0"; }

# stop_postgres DATA [MODE]
stop_postgres() {
    [ -f "$1/postmaster.pid" ] || return 0
    as_postgres "$(pg_bin)/pg_ctl" --pgdata="$1" --silent --wait --timeout=30 --mode="${2:-fast}" stop >/dev/null 2>&1
}

# write_nginx DIR PORT SOCKET: DIR/nginx.conf, a private nginx on 127.0.0.1:PORT in front of the FastCGI
# socket SOCKET. It includes conf/nginx.conf with only the port, the socket and the log's place changed.
write_nginx() {
    dir=$1 port=$2 socket=$3
    mkdir -p "$dir/nginx-tmp" || die "cannot write to $dir"
    sed -e "s|^\( *\)listen 80;|\1listen 127.0.0.1:$port;|" -e '/^ *listen \[::\]:80;/d' \
        -e "s|unix:/run/laurel/laurel.sock|unix:$socket|" \
        -e "s|/var/log/nginx/laurel.log|$dir/nginx-access.log|" \
        "$LAUREL_SOURCE/conf/nginx.conf" >"$dir/nginx-site.conf"
    for changed in "listen 127.0.0.1:$port;" "unix:$socket" "$dir/nginx-access.log"; do
        grep -q -F "$changed" "$dir/nginx-site.conf" ||
            die "conf/nginx.conf no longer has the line that becomes: $changed"
    done
    {
        # The workers must reach the socket of a `laurel serve` that root started.
        if is_root; then echo "user root;"; fi
        cat <<CONF
daemon off;
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/nginx-error.log warn;
events { worker_connections 512; }
http {
    client_body_temp_path $dir/nginx-tmp/body;
    proxy_temp_path $dir/nginx-tmp/proxy;
    fastcgi_temp_path $dir/nginx-tmp/fastcgi;
    uwsgi_temp_path $dir/nginx-tmp/uwsgi;
    scgi_temp_path $dir/nginx-tmp/scgi;
    include $dir/nginx-site.conf;
}
CONF
    } >"$dir/nginx.conf"
}

nginx_program() { PATH=$PATH:/usr/sbin:/sbin command -v nginx || die "nginx is not installed"; }

# start_child LOG COMMAND...: in the background; its id is in CHILD, and stop_all will end it.
start_child() {
    log=$1
    shift
    "$@" >>"$log" 2>&1 </dev/null &
    CHILD=$!
    CHILDREN="$CHILD $CHILDREN"
}

# What a script wants done besides, after everything has ended: define it anew.
at_exit() { :; }

# stop_all: ends what start_child and start_postgres started, the last first, and removes SCRATCH.
stop_all() {
    for child in $CHILDREN; do
        kill -TERM "$child" 2>/dev/null
        for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
            kill -0 "$child" 2>/dev/null || break
            sleep 0.5
        done
        kill -KILL "$child" 2>/dev/null
        wait "$child" 2>/dev/null
    done
    CHILDREN=
    [ -z "$CLUSTER" ] || stop_postgres "$CLUSTER"
    CLUSTER=
    case $SCRATCH in
    /tmp/laurel.??????) rm -rf "$SCRATCH" ;;
    esac
    SCRATCH=
    at_exit
}

leave_with() {
    trap - EXIT INT TERM HUP
    stop_all
    exit "$1"
}

# stop_all_at_exit: however the script ends, nothing of it stays behind.
stop_all_at_exit() {
    trap 'leave_with $?' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}
