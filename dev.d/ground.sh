# Words, colours, progress, ports. Sourced by ./dev.

DEV=$ROOT/.dev
SECRETS=$DEV/secrets
RUN=$DEV/run
LOGS=$DEV/logs
TOOLS=$DEV/tools
# In the order of their starting; gRPC ports count from 101 in the order of NUMBERED, admin ports from 201.
SERVICES=(hq cases antifraud port volunteers rankings)
NUMBERED=(cases hq rankings antifraud port volunteers)

if [[ -t 2 && -z ${NO_COLOR:-} ]]; then
  BOLD=$'\e[1m' RED=$'\e[31m' DIM=$'\e[2m' PLAIN=$'\e[0m'
else
  BOLD='' RED='' DIM='' PLAIN=''
fi

say() { printf '%s\n' "$*" >&2; }
warn() { printf '%s%s%s\n' "$RED" "$*" "$PLAIN" >&2; }
die() {
  warn "error: $*"
  exit 1
}

now_ms() { date +%s%3N; }
seconds_since() {
  local ms=$(($(now_ms) - $1))
  printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}

# step TITLE COMMAND…: runs it, its output into a file, and shows that it is at work; the output only when it fails.
step() {
  local title=$1 started output pid
  shift
  started=$(now_ms)
  mkdir -p "$DEV"
  output=$(mktemp "$DEV/step.XXXXXX")
  # The command runs beside us so that we can show progress; its exit code is its own.
  ("$@") >"$output" 2>&1 &
  pid=$!
  local tick=0 marks='|/-\'
  while kill -0 "$pid" 2>/dev/null; do
    if [[ -t 2 ]]; then
      printf '\r%s %s %s' "${marks:tick++%4:1}" "$title" "$DIM$(seconds_since "$started")$PLAIN" >&2
    elif ((++tick % 75 == 0)); then
      say "… $title ($(seconds_since "$started"))"
    fi
    sleep 0.2
  done
  local code=0
  wait "$pid" || code=$?
  [[ -t 2 ]] && printf '\r\e[K' >&2
  if ((code == 0)); then
    say "${BOLD}✓${PLAIN} $title ${DIM}$(seconds_since "$started")${PLAIN}"
    rm -f "$output"
  else
    warn "✗ $title failed after $(seconds_since "$started"):"
    tail -n 60 "$output" >&2
    rm -f "$output"
    return "$code"
  fi
}

# A random word of hex digits.
random_hex() { od -An -tx1 -N"$1" /dev/urandom | tr -d ' \n'; }

# secret NAME BYTES: the secret of that name, made when it is first needed.
secret() {
  if [[ ! -s $SECRETS/$1 ]]; then
    (umask 077 && mkdir -p "$SECRETS" && random_hex "$2" >"$SECRETS/$1")
  fi
  cat "$SECRETS/$1"
}

# Ports: what the environment says, else what the last up used, else the base.
load_ports() {
  local saved=$DEV/ports name value
  if [[ -z ${XIAOAN_PORT_BASE:-} && -f $saved ]]; then
    while IFS='=' read -r name value; do
      [[ -n ${!name:-} ]] || printf -v "$name" '%s' "$value"
    done <"$saved"
  fi
  local base=${XIAOAN_PORT_BASE:-7000}
  [[ $base =~ ^[0-9]+$ && $base -ge 1024 && $base -le 65000 ]] || die "XIAOAN_PORT_BASE must be a number from 1024 to 65000"
  : "${XIAOAN_WEB_PORT:=$((base + 80))}"
  local at=1 service
  for service in "${NUMBERED[@]}"; do
    name=XIAOAN_${service^^}_PORT
    [[ -n ${!name:-} ]] || printf -v "$name" '%s' $((base + 100 + at))
    name=XIAOAN_${service^^}_ADMIN_PORT
    [[ -n ${!name:-} ]] || printf -v "$name" '%s' $((base + 200 + at))
    at=$((at + 1))
  done
  : "${XIAOAN_NATS_PORT:=$((base + 222))}" "${XIAOAN_PG_PORT:=$((base + 432))}"
}
PORT_NAMES=(XIAOAN_WEB_PORT XIAOAN_NATS_PORT XIAOAN_PG_PORT)
for service in "${NUMBERED[@]}"; do PORT_NAMES+=("XIAOAN_${service^^}_PORT" "XIAOAN_${service^^}_ADMIN_PORT"); done
unset service
save_ports() {
  mkdir -p "$DEV"
  local name
  for name in "${PORT_NAMES[@]}"; do printf '%s=%s\n' "$name" "${!name}"; done >"$DEV/ports"
}
# port_of cases [ADMIN]: the port of a service.
port_of() {
  local name=XIAOAN_${1^^}_${2:+${2}_}PORT
  printf '%s' "${!name}"
}

# Whether something answers on a loopback port.
port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# http_status PORT PATH: the status code of a GET, empty when nobody answers.
http_status() {
  local line=''
  if exec 9<>"/dev/tcp/127.0.0.1/$1"; then
    printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$2" >&9
    read -r -t 5 line <&9 || true
    exec 9>&-
  fi 2>/dev/null
  [[ $line =~ ^HTTP/[0-9.]+\ ([0-9]+) ]] && printf '%s' "${BASH_REMATCH[1]}"
  return 0
}

# A process we started is known by its pid and the moment it started, so that a reused pid is never ours.
born() { awk '{ sub(/^.*\) /, ""); print $20 }' "/proc/$1/stat" 2>/dev/null || true; }
remember() { printf '%s %s %s\n' "$2" "$(born "$2")" "${3:-}" >"$RUN/$1"; }
pid_of() {
  local pid born_at rest
  [[ -f $RUN/$1 ]] || return 1
  read -r pid born_at rest <"$RUN/$1" || return 1
  [[ -n $born_at && $(born "$pid") == "$born_at" ]] || return 1
  printf '%s' "$pid"
}
# stop_process NAME SIGNAL SECONDS
stop_process() {
  local pid tries
  if pid=$(pid_of "$1"); then
    kill "-$2" "$pid" 2>/dev/null || true
    for ((tries = $3 * 10; tries > 0; tries--)); do
      pid_of "$1" >/dev/null || break
      sleep 0.1
    done
    if pid=$(pid_of "$1"); then kill -KILL "$pid" 2>/dev/null || true; fi
  fi
  rm -f "$RUN/$1"
}
