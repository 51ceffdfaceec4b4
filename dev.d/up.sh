# ./dev up: from a checkout to a city with a board.

cmd_up() {
  local demo=yes build=yes started
  started=$(now_ms)
  while (($#)); do
    case $1 in
      --no-demo) demo=no ;;
      --no-build) build=no ;;
      --port-base)
        export XIAOAN_PORT_BASE=${2:?--port-base needs a number}
        shift
        ;;
      --port-base=*) export XIAOAN_PORT_BASE=${1#*=} ;;
      *)
        warn "unknown option of up: $1"
        exit 2
        ;;
    esac
    shift
  done
  load_ports
  refuse_moved_ports
  mkdir -p "$RUN" "$LOGS"
  [[ $build == yes ]] && build
  make_keys
  up_postgres
  up_nats
  save_ports
  step "databases and roles" make_databases || exit 1
  up_services
  client_env
  export XIAOAN_TOKEN_FILE=$DEV/token
  local xiaoan
  xiaoan=$(xiaoan_bin xiaoan)
  if [[ $demo == yes ]]; then
    step "org units and headcounts" "$xiaoan" org import "$ROOT/tests/acceptance/org-units.csv" || exit 1
    # Its own progress bar; does nothing when the services say that the demo city is there.
    "$xiaoan" demo load --key "$SECRETS/signing-key.pem" || exit 1
    printf '\n'
    "$xiaoan" standings --board theft-stations --period autumn-wind || exit 1
  fi
  say ''
  say "${BOLD}up${PLAIN} in $(seconds_since "$started"). Board: ${BOLD}http://127.0.0.1:$XIAOAN_WEB_PORT/${PLAIN}"
  say "next: ./dev xiaoan --help · ./dev status · ./dev logs · ./dev down"
}

# Ports can be changed only while nothing runs on the old ones.
refuse_moved_ports() {
  [[ -f $DEV/ports ]] || return 0
  local name value moved=''
  while IFS='=' read -r name value; do
    [[ ${!name} == "$value" ]] || moved+=" $name"
  done <"$DEV/ports"
  [[ -n $moved ]] || return 0
  for name in "${SERVICES[@]}" nats; do
    if pid_of "$name" >/dev/null; then die "to move ports (${moved# }), say ./dev down first"; fi
  done
  if [[ -z ${DATABASE_URL:-} ]]; then (find_postgres && down_postgres); fi
}
