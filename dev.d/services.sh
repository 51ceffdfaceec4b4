# The services: keys, databases, migrations, processes.

xiaoan_bin() { printf '%s' "${CARGO_TARGET_DIR:-$ROOT/target}/debug/$1"; }
ISSUER=xiaoan-dev

cmd_xiaoan() {
  load_ports
  client_env
  local bin
  bin=$(xiaoan_bin xiaoan)
  [[ -x $bin ]] || build
  exec "$bin" "$@"
}

# Addresses for clients. The token is found upward from the working folder, or here.
client_env() {
  local service url
  for service in "${SERVICES[@]}"; do
    url=XIAOAN_${service^^}_URL
    [[ -n ${!url:-} ]] || printf -v "$url" 'http://127.0.0.1:%s' "$(port_of "$service")"
    export "${url?}"
  done
}

cmd_env() {
  load_ports
  client_env
  local service name
  for service in "${SERVICES[@]}"; do
    name=XIAOAN_${service^^}_URL
    printf 'export %s=%q\n' "$name" "${!name}"
  done
  printf 'export XIAOAN_TOKEN_FILE=%q\n' "$DEV/token"
  printf 'export PATH=%q:"$PATH"\n' "$(dirname "$(xiaoan_bin xiaoan)")"
}

cmd_token() {
  local bin
  bin=$(xiaoan_bin xiaoan)
  [[ -x $bin ]] || build
  exec "$bin" token mint "$@"
}

build() {
  need_rust
  need_c
  # Always the same form: another one would select other features and build everything twice.
  say "${BOLD}building${PLAIN} (the first time takes some minutes)"
  local started
  started=$(now_ms)
  cargo build --workspace --all-targets >&2 || die "the build failed"
  say "${BOLD}✓${PLAIN} built ${DIM}$(seconds_since "$started")${PLAIN}"
}

# make_kek FILE: the key that seals the keys of persons, made when it is not there.
make_kek() {
  if [[ ! -s $1 ]]; then (umask 077 && head -c 32 /dev/urandom | base64 -w 0 >"$1"); fi
}

# mint XIAOAN KEY FILE OPTION…: a token, signed anew each time, so that it never runs out while this is used.
mint() { (umask 077 && "$1" token mint --key "$2" --hours 720 "${@:4}" >"$3.new" && mv "$3.new" "$3"); }

make_keys() {
  local bin key=$SECRETS/signing-key.pem
  bin=$(xiaoan_bin xiaoan)
  (umask 077 && mkdir -p "$SECRETS")
  "$bin" token keygen "$SECRETS" >/dev/null
  secret pg-superuser 16 >/dev/null
  secret db-owner 16 >/dev/null
  secret db-app 16 >/dev/null
  make_kek "$SECRETS/kek"
  mint "$bin" "$key" "$DEV/token" --subject demo-hq --role officer,registrar,hq
  mint "$bin" "$key" "$DEV/auditor-token" --subject demo-auditor --role auditor
  mint "$bin" "$key" "$SECRETS/service-token" --subject demo-services --role service
}

make_databases() {
  XIAOAN_ADMIN_DATABASE_URL=$(pg_admin_url) XIAOAN_OWNER_PASSWORD=$(secret db-owner 16) XIAOAN_APP_PASSWORD=$(secret db-app 16) \
    "$(xiaoan_bin xiaoan)" dev databases --prefix "${DATABASE_URL:+xiaoan_}" "${SERVICES[@]}"
}

# Sets VARS: the environment of a service.
service_vars() {
  local service=$1 source sources=''
  # Org units come from hq; hq knows from cases which were solved; rankings counts what every service records.
  case $service in
    hq) sources=cases ;;
    rankings) sources="hq cases antifraud port volunteers" ;;
    *) sources=hq ;;
  esac
  local followed=''
  for source in $sources; do followed+=${followed:+,}$source=http://127.0.0.1:$(port_of "$source"); done
  VARS=(
    XIAOAN_GRPC_ADDR="127.0.0.1:$(port_of "$service")" XIAOAN_ADMIN_ADDR="127.0.0.1:$(port_of "$service" ADMIN)"
    XIAOAN_DATABASE_URL="$(db_url "$service" app)" XIAOAN_NATS_URL="$(nats_url)"
    XIAOAN_JWKS="$SECRETS/jwks.json" XIAOAN_ISSUER="$ISSUER" XIAOAN_AUDIENCE=xiaoan
    XIAOAN_SERVICE_TOKEN_FILE="$SECRETS/service-token" RUST_LOG="${RUST_LOG:-info}"
  )
  [[ -n $followed ]] && VARS+=(XIAOAN_SOURCES="$followed")
  [[ -z ${NATS_URL:-} ]] && VARS+=(XIAOAN_NATS_NKEY_FILE="$(nats_key "$service")")
  case $service in
    # hq decides on what rankings shows when a period is frozen or corrected.
    hq) VARS+=(XIAOAN_RANKINGS_URL="http://127.0.0.1:$(port_of rankings)" XIAOAN_KEK_FILE="$SECRETS/kek") ;;
    rankings) VARS+=(XIAOAN_WEB_ADDR="127.0.0.1:$XIAOAN_WEB_PORT") ;;
    *) VARS+=(XIAOAN_KEK_FILE="$SECRETS/kek") ;;
  esac
}

migrate() {
  local service owner VARS
  for service in "${SERVICES[@]}"; do
    service_vars "$service"
    owner=$(db_url "$service" owner)
    (
      export "${VARS[@]}" XIAOAN_OWNER_DATABASE_URL="$owner"
      "$(xiaoan_bin "$service")" migrate
    ) || return 1
  done
}

# The build a running process was started from: a new build means a restart.
stamp() { stat -c %Y-%s "$(xiaoan_bin "$1")"; }
runs_this_build() {
  local pid born_at was
  pid_of "$1" >/dev/null || return 1
  read -r pid born_at was <"$RUN/$1"
  [[ $was == "$(stamp "$1")" ]]
}

start_service() {
  local service=$1 VARS
  service_vars "$service"
  # The subshell becomes the service, so the pid we remember is the service's own.
  (
    export "${VARS[@]}"
    exec setsid "$(xiaoan_bin "$service")" serve >>"$LOGS/$service.log" 2>&1 </dev/null
  ) &
  remember "$service" $! "$(stamp "$service")"
}

await_ready() {
  local service=$1 tries
  for ((tries = 600; tries > 0; tries--)); do
    [[ $(http_status "$(port_of "$service" ADMIN)" /readyz) == 200 ]] && return
    pid_of "$service" >/dev/null || {
      echo "$service has ended"
      return 1
    }
    sleep 0.1
  done
  echo "$service is not ready after 60 s"
  return 1
}

up_services() {
  local service starting=()
  for service in "${SERVICES[@]}"; do
    runs_this_build "$service" && continue
    stop_process "$service" TERM 20
    for port in "$(port_of "$service")" "$(port_of "$service" ADMIN)"; do
      port_open "$port" && die "port $port of $service is taken by something else: --port-base … moves all ports"
    done
    starting+=("$service")
  done
  ((${#starting[@]} == 0)) && return
  step "migrating the databases" migrate || exit 1
  for service in "${starting[@]}"; do
    start_service "$service"
  done
  for service in "${starting[@]}"; do
    step "starting $service on 127.0.0.1:$(port_of "$service")" await_ready "$service" || {
      tail -n 30 "$LOGS/$service.log" >&2
      exit 1
    }
  done
}

cmd_down() {
  load_ports
  local service pid
  mkdir -p "$RUN"
  # All are told at once; each drains on its own.
  for service in "${SERVICES[@]}"; do
    if pid=$(pid_of "$service"); then kill -TERM "$pid" 2>/dev/null || true; fi
  done
  local at
  for ((at = ${#SERVICES[@]} - 1; at >= 0; at--)); do
    service=${SERVICES[at]}
    if pid_of "$service" >/dev/null; then step "stopping $service" stop_process "$service" TERM 20; fi
    rm -f "$RUN/$service"
  done
  if pid_of nats >/dev/null; then step "stopping nats-server" stop_process nats TERM 20; fi
  rm -f "$RUN/nats"
  down_postgres
  say "down; data stays in .dev/ (./dev reset forgets it)"
}

cmd_status() {
  load_ports
  local service pid state all=0
  printf '%-11s %-8s %-22s %s\n' what pid address state
  if [[ -n ${DATABASE_URL:-} ]]; then
    printf '%-11s %-8s %-22s %s\n' postgres - DATABASE_URL -
  else
    pid=$(head -n 1 "$(pg_home)/pg/postmaster.pid" 2>/dev/null || true)
    if port_open "$XIAOAN_PG_PORT"; then state=running; else state=down pid=- all=1; fi
    printf '%-11s %-8s %-22s %s\n' postgres "${pid:--}" "127.0.0.1:$XIAOAN_PG_PORT" "$state"
  fi
  if pid=$(pid_of nats); then state=running; else state=down pid=- all=1; fi
  [[ -n ${NATS_URL:-} ]] && state='NATS_URL'
  printf '%-11s %-8s %-22s %s\n' nats "$pid" "127.0.0.1:$XIAOAN_NATS_PORT" "$state"
  for service in "${SERVICES[@]}"; do
    if pid=$(pid_of "$service"); then
      if [[ $(http_status "$(port_of "$service" ADMIN)" /readyz) == 200 ]]; then state=ready; else state='not ready' all=1; fi
    else
      state=down pid=- all=1
    fi
    printf '%-11s %-8s %-22s %s\n' "$service" "$pid" "127.0.0.1:$(port_of "$service")" "$state"
  done
  if pid_of rankings >/dev/null; then
    printf '%-11s %-8s %s\n\n' board - "http://127.0.0.1:$XIAOAN_WEB_PORT/"
    client_env
    "$(xiaoan_bin xiaoan)" projections status || all=1
  fi
  return "$all"
}

cmd_logs() {
  load_ports
  local name files=()
  (($#)) || set -- "${SERVICES[@]}"
  for name in "$@"; do
    case $name in
      postgres) files+=("$(pg_log)") ;;
      nats) files+=("$LOGS/nats.log") ;;
      *)
        [[ " ${SERVICES[*]} " == *" $name "* ]] || die "no log of that name: $name"
        files+=("$LOGS/$name.log")
        ;;
    esac
  done
  if [[ -t 1 ]]; then exec tail -n 40 -F "${files[@]}"; else tail -n 200 "${files[@]}"; fi
}

cmd_reset() {
  load_ports
  if [[ ${1:-} != --yes ]]; then
    [[ -t 0 ]] || die "this forgets all data of .dev/: say ./dev reset --yes"
    local answer
    read -r -p "Forget all data and keys of $DEV? [y/N] " answer
    [[ $answer == [yY]* ]] || { say "nothing was changed"; return 1; }
  fi
  cmd_down
  if [[ -n ${DATABASE_URL:-} ]]; then
    XIAOAN_ADMIN_DATABASE_URL=$DATABASE_URL "$(xiaoan_bin xiaoan)" dev databases --drop --prefix xiaoan_ "${SERVICES[@]}"
  fi
  rm -rf "$(pg_home)/pg" "$DEV/nats" "$DEV/secrets" "$DEV/run" "$DEV/logs" "$DEV/token" "$DEV/auditor-token" "$DEV/ports"
  rm -f "$(pg_home)/postgres.log" "$DEV"/step.*
  say "forgotten; tools stay in .dev/tools"
}
