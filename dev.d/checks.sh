# ./dev test, lint, fmt, bench.

cmd_fmt() {
  need_rust
  cargo fmt --all
}

lint_rust() {
  local code=0
  step "formatting" cargo fmt --all --check || code=1
  say "${BOLD}clippy${PLAIN}"
  cargo clippy --workspace --all-targets -- -D warnings >&2 || code=1
  return "$code"
}

lint_proto() {
  find_buf
  step "buf lint" "$BUF" lint "$ROOT/proto" || return 1
  local against
  against=$(proto_baseline)
  if [[ -n $against ]]; then
    step "buf breaking against $against" "$BUF" breaking "$ROOT/proto" --against "$ROOT/.git#$against,subdir=proto" || return 1
  else
    say "  no released or merged description of the API to compare with"
  fi
}

# What the published language must stay compatible with: the last tag, else what is on the main branch elsewhere.
proto_baseline() {
  have git && [[ -e $ROOT/.git ]] || return 0
  local tag ref
  if tag=$(git -C "$ROOT" describe --tags --abbrev=0 2>/dev/null); then
    printf 'tag=%s' "$tag"
    return
  fi
  for ref in origin/main main; do
    if git -C "$ROOT" cat-file -e "$ref:proto/buf.yaml" 2>/dev/null &&
      [[ $(git -C "$ROOT" rev-parse "$ref") != $(git -C "$ROOT" rev-parse HEAD) ]]; then
      printf 'ref=%s' "$(git -C "$ROOT" rev-parse "$ref")"
      return
    fi
  done
}

lint_shell() {
  have shellcheck || return 0
  step "shellcheck" shellcheck --severity=warning --shell=bash --exclude=SC2034,SC2154 "$ROOT/dev" "$ROOT"/dev.d/*.sh "$ROOT/.ci/run"
}

# What is checked before anything runs, as it is called when it fails, and by which function.
CHECKS=("fmt or clippy:lint_rust" "proto:lint_proto" "shell:lint_shell" "chart:k8s_static")

# Sets FAILED: what the checks that failed are called. One that fails keeps no other from being made.
run_checks() {
  local entry
  FAILED=()
  for entry in "${CHECKS[@]}"; do
    "${entry##*:}" || FAILED+=("${entry%%:*}")
  done
}

cmd_lint() {
  need_rust
  need_c
  run_checks
  ((${#FAILED[@]} == 0))
}

cmd_test() {
  local started
  started=$(now_ms)
  need_rust
  need_c
  find_chromium
  find_fonts
  find_poppler
  TEST_HOME=$(mktemp -d "$(pg_home)/test.XXXXXX")
  chmod 755 "$TEST_HOME"
  trap test_cleanup EXIT
  trap 'exit 130' INT TERM
  run_checks
  build
  test_servers -c fsync=off -c full_page_writes=off
  prepare_integrate
  say "${BOLD}tests${PLAIN}"
  # All crates run even when one fails: one look shows everything.
  cargo test --workspace --no-fail-fast || FAILED+=("tests")
  test_cleanup
  trap - EXIT
  if ((${#FAILED[@]})); then
    warn "✗ failed: ${FAILED[*]} ($(seconds_since "$started"))"
    exit 1
  fi
  say "${BOLD}✓${PLAIN} everything passed in $(seconds_since "$started")"
}

# A cluster that is thrown away at the end. Tests need not survive a power cut: they pass fsync=off.
test_servers() {
  find_nats
  export XIAOAN_NATS_SERVER=$NATS_SERVER
  if [[ -n ${DATABASE_URL:-} ]]; then
    export XIAOAN_TEST_PG=$DATABASE_URL
    return
  fi
  find_postgres
  local port
  port=$(free_port)
  step "a PostgreSQL of its own, $*" test_postgres "$port" "$@" || exit 1
  XIAOAN_TEST_PG=postgres://postgres:$(secret pg-superuser 16)@127.0.0.1:$port/postgres
  export XIAOAN_TEST_PG
}
test_postgres() {
  local port=$1
  shift
  pg_create "$TEST_HOME/pg" >/dev/null && pg_start "$TEST_HOME/pg" "$port" "$TEST_HOME/pg.log" -c shared_buffers=256MB "$@"
}
test_cleanup() {
  [[ -n ${TEST_HOME:-} && -d $TEST_HOME ]] || return 0
  if [[ -n ${PG_BIN:-} ]] && pg_running "$TEST_HOME/pg"; then
    (cd / && as_pg "$PG_BIN/pg_ctl" --pgdata "$TEST_HOME/pg" --mode immediate --wait stop) >/dev/null 2>&1 || true
  fi
  rm -rf "$TEST_HOME"
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# Measurements: release build, a PostgreSQL of their own with fsync on, the broker as we ship it. Arguments go to cargo
# bench, for example `./dev bench --bench append`; --peers also builds and measures others (bench/, a workspace apart).
cmd_bench() {
  local args=() peers=no word
  for word in "$@"; do
    if [[ $word == --peers ]]; then peers=yes; else args+=("$word"); fi
  done
  need_rust
  need_c
  [[ ${#args[@]} -gt 0 ]] || args=(--benches)
  say "${BOLD}building for measurement${PLAIN}"
  cargo build --release --workspace --bins >&2 || die "the build failed"
  cargo bench -p xiaoan-tests --no-run "${args[@]}" >&2 || die "the build failed"
  TEST_HOME=$(mktemp -d "$(pg_home)/test.XXXXXX")
  chmod 755 "$TEST_HOME"
  trap test_cleanup EXIT
  trap 'exit 130' INT TERM
  test_servers -c fsync=on -c synchronous_commit=on -c max_wal_size=4GB
  local code=0
  cargo bench -p xiaoan-tests "${args[@]}" || code=$?
  if [[ $peers == yes ]]; then
    if [[ -x $ROOT/bench/run ]]; then "$ROOT/bench/run" || code=$?; else warn "no peers to measure: bench/run is not there"; fi
  fi
  return "$code"
}
