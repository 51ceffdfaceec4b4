# A private PostgreSQL on loopback, or the one that DATABASE_URL names. It refuses to run as root, so as root it runs as
# another user, with folders that this user can reach.

# The user a server of ours runs as; empty = as ourselves.
pg_user() {
  is_root || return 0
  if id postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}

# as_pg COMMAND…: runs it as that user, with no more of our environment than it needs.
as_pg() {
  local user
  user=$(pg_user)
  if [[ -z $user ]]; then
    "$@"
  elif have setpriv; then
    setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups --inh-caps=-all \
      env -i PATH="$PATH" LC_ALL=C.UTF-8 HOME=/ "${AS_PG_ENV[@]}" "$@"
  else
    runuser -u "$user" -- env -i PATH="$PATH" LC_ALL=C.UTF-8 HOME=/ "${AS_PG_ENV[@]}" "$@"
  fi
}
AS_PG_ENV=(LANG=C.UTF-8)

# Folder for data and tools of PostgreSQL: .dev, unless its user cannot get there (a checkout below /root).
pg_home() {
  if [[ -z ${PG_HOME:-} ]]; then
    PG_HOME=$DEV
    mkdir -p "$DEV"
    if is_root && ! (cd / && as_pg test -x "$DEV"); then
      PG_HOME=/var/lib/xiaoan-dev-$(printf '%s' "$ROOT" | cksum | cut -d ' ' -f 1)
      mkdir -p "$PG_HOME"
      chmod 755 "$PG_HOME"
    fi
  fi
  printf '%s' "$PG_HOME"
}

# pg_create FOLDER: an empty cluster; its superuser is postgres with the password of .dev/secrets.
pg_create() {
  local data=$1 user password_file
  user=$(pg_user)
  mkdir -p "$data"
  password_file=$(mktemp "$(dirname "$data")/pw.XXXXXX")
  secret pg-superuser 16 >/dev/null
  cat "$SECRETS/pg-superuser" >"$password_file"
  if [[ -n $user ]]; then chown "$user" "$data" "$password_file"; fi
  chmod 700 "$data"
  local code=0
  # Passwords are stored as SCRAM verifiers. Over loopback they are sent as they are: a SCRAM handshake costs a debug
  # build most of a second. C.UTF-8 sorts the same on every machine.
  (cd / && as_pg "$PG_BIN/initdb" --pgdata "$data" --username postgres --pwfile "$password_file" \
    --auth password --encoding UTF8 --locale C.UTF-8 --no-instructions) ||
    (cd / && as_pg "$PG_BIN/initdb" --pgdata "$data" --username postgres --pwfile "$password_file" \
      --auth password --encoding UTF8 --locale C --no-instructions) || code=$?
  rm -f "$password_file"
  return "$code"
}

# pg_start FOLDER PORT LOG OPTION…
pg_start() {
  local data=$1 port=$2 log=$3 user
  shift 3
  user=$(pg_user)
  touch "$log"
  [[ -n $user ]] && chown "$user" "$log"
  # Loopback only, no socket folder: a path of a deep checkout would be too long for one.
  local options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='' -c max_connections=300 $*"
  (cd / && as_pg "$PG_BIN/pg_ctl" --pgdata "$data" --log "$log" --wait --timeout 60 -o "$options" start) </dev/null
}
pg_stop() { (cd / && as_pg "$PG_BIN/pg_ctl" --pgdata "$1" --mode fast --wait --timeout 60 stop); }
pg_running() { [[ -f $1/postmaster.pid ]] && (cd / && as_pg "$PG_BIN/pg_ctl" --pgdata "$1" status) >/dev/null 2>&1; }

# Log of our server: in .dev/logs when its user can write there.
pg_log() {
  if [[ $(pg_home) == "$DEV" ]]; then printf '%s' "$LOGS/postgres.log"; else printf '%s' "$(pg_home)/postgres.log"; fi
}

# Address of a superuser: the one given, or ours.
pg_admin_url() {
  if [[ -n ${DATABASE_URL:-} ]]; then
    printf '%s' "$DATABASE_URL"
  else
    printf 'postgres://postgres:%s@127.0.0.1:%s/postgres' "$(secret pg-superuser 16)" "$XIAOAN_PG_PORT"
  fi
}

# db_url SERVICE ROLE: address of a service's database for xiaoan_owner or xiaoan_app.
db_url() {
  local service=$1 role=$2 place=127.0.0.1:$XIAOAN_PG_PORT name=$1 query=''
  if [[ -n ${DATABASE_URL:-} ]]; then
    # postgres://user:password@HOST[:PORT]/db?QUERY
    place=${DATABASE_URL#*://}
    [[ $place == *\?* ]] && query="?${place#*\?}"
    place=${place%%\?*}
    place=${place##*@}
    place=${place%%/*}
    name=xiaoan_$service
  fi
  printf 'postgres://xiaoan_%s:%s@%s/%s%s' "$role" "$(secret "db-$role" 16)" "$place" "$name" "$query"
}

up_postgres() {
  if [[ -n ${DATABASE_URL:-} ]]; then
    say "PostgreSQL: the one of DATABASE_URL"
    return
  fi
  find_postgres
  local data
  data=$(pg_home)/pg
  mkdir -p "$LOGS"
  if pg_running "$data"; then
    return
  fi
  port_open "$XIAOAN_PG_PORT" && die "port $XIAOAN_PG_PORT is taken by something else: XIAOAN_PG_PORT=… or --port-base …"
  [[ -f $data/PG_VERSION ]] || step "creating a private PostgreSQL $(pg_version "$PG_BIN")" pg_create "$data" || exit 1
  step "starting PostgreSQL on 127.0.0.1:$XIAOAN_PG_PORT" pg_start "$data" "$XIAOAN_PG_PORT" "$(pg_log)" || {
    tail -n 20 "$(pg_log)" >&2
    exit 1
  }
}

down_postgres() {
  [[ -n ${DATABASE_URL:-} ]] && return
  local data
  data=$(pg_home)/pg
  [[ -f $data/postmaster.pid ]] || return 0
  find_postgres
  if pg_running "$data"; then step "stopping PostgreSQL" pg_stop "$data"; fi
}

cmd_psql() {
  load_ports
  have psql || die "psql is not there; the address is: $(db_url "${1:-cases}" app)"
  exec psql "$(db_url "${1:-cases}" app)"
}
