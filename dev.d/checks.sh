# ./dev test, lint, fmt, bench.

cmd_fmt() {
  need_rust
  cargo fmt --all
}

lint_rust() {
  step "formatting" cargo fmt --all --check || return 1
  say "${BOLD}clippy${PLAIN}"
  cargo clippy --workspace --all-targets -- -D warnings >&2
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

cmd_lint() {
  need_rust
  need_c
  lint_rust
  lint_proto
  lint_shell
}

cmd_test() {
  local started
  started=$(now_ms)
  need_rust
  need_c
  find_chromium
  TEST_HOME=$(mktemp -d "$(pg_home)/test.XXXXXX")
  chmod 755 "$TEST_HOME"
  trap test_cleanup EXIT
  trap 'exit 130' INT TERM
  local failed=()
  lint_rust || failed+=("fmt or clippy")
  lint_proto || failed+=("proto")
  lint_shell || failed+=("shell")
  build
  test_servers
  say "${BOLD}tests${PLAIN}"
  # All crates run even when one fails: one look shows everything.
  cargo test --workspace --no-fail-fast || failed+=("tests")
  test_cleanup
  trap - EXIT
  if ((${#failed[@]})); then
    warn "✗ failed: ${failed[*]} ($(seconds_since "$started"))"
    exit 1
  fi
  say "${BOLD}✓${PLAIN} everything passed in $(seconds_since "$started")"
}

# A cluster for tests only: thrown away at the end, so it need not survive a power cut.
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
  step "a PostgreSQL for the tests" test_postgres "$port" || exit 1
  XIAOAN_TEST_PG=postgres://postgres:$(secret pg-superuser 16)@127.0.0.1:$port/postgres
  export XIAOAN_TEST_PG
}
test_postgres() {
  pg_create "$TEST_HOME/pg" >/dev/null &&
    pg_start "$TEST_HOME/pg" "$1" "$TEST_HOME/pg.log" -c fsync=off -c full_page_writes=off -c shared_buffers=256MB
}
test_cleanup() {
  [[ -n ${TEST_HOME:-} && -d $TEST_HOME ]] || return 0
  if [[ -n ${PG_BIN:-} ]] && pg_running "$TEST_HOME/pg"; then
    (cd / && as_pg "$PG_BIN/pg_ctl" --pgdata "$TEST_HOME/pg" --mode immediate --wait stop) >/dev/null 2>&1 || true
  fi
  rm -rf "$TEST_HOME"
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

cmd_bench() {
  need_rust
  need_c
  [[ -x $ROOT/bench/run ]] && exec "$ROOT/bench/run" "$@"
  die "nothing to measure yet"
}
