# A private nats-server with JetStream on loopback, or the one that NATS_URL names.

nats_url() { printf '%s' "${NATS_URL:-nats://127.0.0.1:$XIAOAN_NATS_PORT}"; }

# nats_config FOLDER PORT
nats_config() {
  cat <<CONF
listen: "127.0.0.1:$2"
jetstream {
  store_dir: "$1/store"
  # Every acknowledged message is on disk. Atomic batches make this affordable.
  sync_interval: always
}
max_payload: 8MB
CONF
}

up_nats() {
  if [[ -n ${NATS_URL:-} ]]; then
    say "NATS: the one of NATS_URL"
    return
  fi
  pid_of nats >/dev/null && return
  find_nats
  port_open "$XIAOAN_NATS_PORT" && die "port $XIAOAN_NATS_PORT is taken by something else: XIAOAN_NATS_PORT=… or --port-base …"
  mkdir -p "$DEV/nats" "$RUN" "$LOGS"
  nats_config "$DEV/nats" "$XIAOAN_NATS_PORT" >"$DEV/nats/nats.conf"
  setsid "$NATS_SERVER" --config "$DEV/nats/nats.conf" >>"$LOGS/nats.log" 2>&1 </dev/null &
  remember nats $!
  step "starting nats-server $(nats_version "$NATS_SERVER") on 127.0.0.1:$XIAOAN_NATS_PORT" await_port nats "$XIAOAN_NATS_PORT" || {
    tail -n 20 "$LOGS/nats.log" >&2
    exit 1
  }
}

# await_port NAME PORT: until it answers, or its process is gone.
await_port() {
  local tries
  for ((tries = 300; tries > 0; tries--)); do
    port_open "$2" && return
    pid_of "$1" >/dev/null || return 1
    sleep 0.1
  done
  return 1
}
