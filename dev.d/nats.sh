# A private nats-server with JetStream on loopback that knows the services by their keys, or the one that NATS_URL names.

nats_url() { printf '%s' "${NATS_URL:-nats://127.0.0.1:$XIAOAN_NATS_PORT}"; }

# Where the seed of a service's key at the broker lies.
nats_key() { printf '%s' "$SECRETS/nats-$1.nk"; }

# nats_config FOLDER PORT: the broker knows the services and lets each publish its own subjects only.
nats_config() {
  local service VARS
  cat <<CONF
listen: "127.0.0.1:$2"
jetstream {
  store_dir: "$1/store"
  # Every acknowledged message is on disk. Atomic batches make this affordable.
  sync_interval: always
}
max_payload: 8MB
authorization { users = [
CONF
  for service in "${SERVICES[@]}"; do
    service_vars "$service"
    (
      export "${VARS[@]}"
      "$(xiaoan_bin "$service")" broker-user
    ) || return 1
  done
  echo '] }'
}

up_nats() {
  if [[ -n ${NATS_URL:-} ]]; then
    say "NATS: the one of NATS_URL"
    return
  fi
  local config=$DEV/nats/nats.conf running
  mkdir -p "$DEV/nats" "$RUN" "$LOGS"
  (umask 077 && nats_config "$DEV/nats" "$XIAOAN_NATS_PORT" >"$config.new") || die "the broker's users could not be made"
  if running=$(pid_of nats); then
    # A service follows another one since: users are read again without a restart.
    if cmp -s "$config.new" "$config"; then rm "$config.new"; else mv "$config.new" "$config" && kill -HUP "$running"; fi
    return
  fi
  mv "$config.new" "$config"
  find_nats
  port_open "$XIAOAN_NATS_PORT" && die "port $XIAOAN_NATS_PORT is taken by something else: XIAOAN_NATS_PORT=… or --port-base …"
  setsid "$NATS_SERVER" --config "$config" >>"$LOGS/nats.log" 2>&1 </dev/null &
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
