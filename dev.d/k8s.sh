# ./dev k8s lint|up|test|down: the chart, without a cluster (static tier) and on one (cluster tier).
# The cluster is that of KUBECONFIG, else kind where there is an engine, else the kit in XIAOAN_K8S_KIT.

CHART=$ROOT/charts/xiaoan
K8S=$DEV/k8s
KUBERNETES=v1.35.4
K8S_NAMESPACE=xiaoan
: "${XIAOAN_K8S_KIT:=$ROOT/../shared/k8s}"
# Name, module, version of each tool; built from source by Go, so that nothing is downloaded as a binary.
K8S_TOOLS=(
  "helm helm.sh/helm/v4/cmd/helm v4.1.3"
  "kubeconform github.com/yannh/kubeconform/cmd/kubeconform v0.8.0"
  "kube-score github.com/zegl/kube-score/cmd/kube-score v1.20.0"
  "helm-docs github.com/norwoodj/helm-docs/cmd/helm-docs v1.14.2"
)
# Modules that hold CustomResourceDefinitions, and the folder in each.
K8S_CRDS=(
  "github.com/prometheus-operator/prometheus-operator@v0.85.0 example/prometheus-operator-crd"
  "github.com/cert-manager/cert-manager@v1.21.2 deploy/crds"
  "sigs.k8s.io/gateway-api@v1.4.0 config/crd/standard"
  "github.com/cloudnative-pg/cloudnative-pg@v1.25.1 config/crd/bases"
  "github.com/kedacore/keda/v2@v2.17.2 config/crd/bases"
)

cmd_k8s() {
  local what=${1:-}
  shift || true
  case $what in
    lint) k8s_static ;;
    up | test | down) "k8s_$what" "$@" ;;
    *)
      warn "usage: ./dev k8s lint|up|test|down"
      exit 2
      ;;
  esac
}

# Sets HELM, KUBECONFORM, KUBE_SCORE, HELM_DOCS. Fails when there is no Go to build them with.
k8s_tools() {
  local entry name module version at variable
  for entry in "${K8S_TOOLS[@]}"; do
    read -r name module version <<<"$entry"
    at=$TOOLS/k8s/$name-$version
    if [[ ! -x $at/$name ]]; then
      have go || return 1
      step "building $name $version" k8s_build "$at" "$module@$version" || return 1
    fi
    variable=${name^^}
    printf -v "${variable//-/_}" '%s' "$at/$name"
  done
  export HELM
}
k8s_build() {
  mkdir -p "$1.new" && (cd / && GOFLAGS=-mod=mod GOBIN=$1.new CGO_ENABLED=0 go install -trimpath -ldflags '-s -w' "$2") &&
    rm -rf "$1" && mv "$1.new" "$1"
}

# Python with YAML.
k8s_python() {
  local extra=''
  python3 -c 'import yaml' 2>/dev/null || extra=$TOOLS/pyyaml
  if [[ -n $extra && ! -d $extra/yaml ]]; then
    step "installing PyYAML" pip_wheel PyYAML==6.0.3 "$extra" || return 1
  fi
  PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$extra python3 "$@"
}

# Sets K8S_SCHEMAS: strict schemas of every kind the chart may make.
k8s_schemas() {
  local key
  key=$(printf '%s\n' "$KUBERNETES" "${K8S_CRDS[@]}" | cat - "$ROOT/dev.d/k8s/kinds.py" | sha256sum | cut -c 1-12)
  K8S_SCHEMAS=$TOOLS/k8s/schemas-$key
  [[ -d $K8S_SCHEMAS ]] && return
  have go || return 1
  step "schemas of Kubernetes $KUBERNETES and of ${#K8S_CRDS[@]} operators" k8s_make_schemas "$K8S_SCHEMAS"
}
k8s_make_schemas() {
  local entry module folder folders=()
  for entry in "${K8S_CRDS[@]}"; do
    read -r module folder <<<"$entry"
    folders+=("$(k8s_module "$module")/$folder") || return 1
  done
  rm -rf "$1.new"
  k8s_python "$ROOT/dev.d/k8s/kinds.py" "$1.new" "$(k8s_module "k8s.io/kubernetes@$KUBERNETES")/api/openapi-spec/swagger.json" \
    "${folders[@]}" && mv "$1.new" "$1"
}
k8s_module() { (cd / && GOFLAGS=-mod=mod go mod download -json "$1") | python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])'; }

# Everything that needs no cluster. Says which tiers ran. Sets K8S_SHOWN: whether an API server was asked.
k8s_static() {
  local code=0 started
  K8S_SHOWN=no
  started=$(now_ms)
  if ! k8s_tools || ! k8s_schemas; then
    warn "!! charts/xiaoan: STATIC TIER NOT RUN. It needs Go (its tools are built from source) and the Go module proxy"
    return 0
  fi
  rm -rf "$K8S/rendered" && mkdir -p "$K8S/rendered"
  step "chart: values.schema.json fits values.yaml" k8s_python "$ROOT/dev.d/k8s/schema.py" "$CHART" || code=1
  step "chart: README.md is what helm-docs makes" k8s_readme || code=1
  step "chart: helm lint, helm template" k8s_render || code=1
  step "chart: tests of templates, refusals and drift" k8s_python "$ROOT/dev.d/k8s/test_chart.py" || code=1
  step "chart: kubeconform, strict" "$KUBECONFORM" -strict -summary -schema-location \
    "$K8S_SCHEMAS/{{.ResourceKind}}{{.KindSuffix}}.json" "$K8S"/rendered "$ROOT"/deploy/prod/{namespace,postgres}.yaml || code=1
  step "chart: kube-score" k8s_score || code=1
  if [[ -x $XIAOAN_K8S_KIT/cluster ]] && is_root && "$XIAOAN_K8S_KIT/cluster" ready; then
    K8S_SHOWN=yes
    step "chart: what an API server says to every ci/*-values.yaml" k8s_server_side || code=1
  else
    say "  charts/xiaoan: not shown to an API server, as the kit at $XIAOAN_K8S_KIT is not built"
  fi
  if ((code == 0)); then
    say "${BOLD}✓${PLAIN} charts/xiaoan: static tier passed ${DIM}$(seconds_since "$started")${PLAIN}"
  else
    warn "✗ charts/xiaoan: static tier failed"
  fi
  return "$code"
}
# An API server alone (etcd beside it, no node), with the definitions of the operators, is asked about each object.
k8s_server_side() (
  export K8S_STATE=/run/xiaoan-k8s-lint K8S_MODE=api
  local cluster=$XIAOAN_K8S_KIT/cluster entry module folder file
  # One left by a run that was cut off.
  "$cluster" down >/dev/null 2>&1 || true
  trap '"$cluster" down >/dev/null 2>&1 || true' EXIT
  "$cluster" up || return 1
  for entry in "${K8S_CRDS[@]}"; do
    read -r module folder <<<"$entry"
    "$cluster" kubectl apply --server-side --filename "$(k8s_module "$module")/$folder" >"$K8S/crds.log" 2>&1 || true
  done
  "$cluster" kubectl wait --for=condition=established crd --all --timeout=60s >>"$K8S/crds.log" || return 1
  "$cluster" kubectl create namespace city && "$cluster" kubectl apply --filename "$ROOT/deploy/prod/namespace.yaml" || return 1
  for file in "$K8S"/rendered/*.yaml "$ROOT/deploy/prod/postgres.yaml"; do
    # Warnings are findings, too.
    "$cluster" kubectl apply --dry-run=server --validate=strict --filename "$file" >"$K8S/server.log" 2>&1 || {
      grep -v 'server dry run' "$K8S/server.log"
      return 1
    }
    if grep -i '^warning' "$K8S/server.log"; then return 1; fi
  done
)
k8s_cases() { find "$CHART/ci" -name '*-values.yaml' | sort; }
k8s_render() {
  local values name
  for values in $(k8s_cases); do
    name=$(basename "$values" -values.yaml)
    "$HELM" lint --strict --quiet --kube-version "$KUBERNETES" --values "$values" "$CHART" || return 1
    "$HELM" template x "$CHART" --namespace city --kube-version "$KUBERNETES" --values "$values" >"$K8S/rendered/$name.yaml" || return 1
  done
}
k8s_score() {
  # Warnings count as findings. No CPU limits: `resources` in values.yaml says why. Other exceptions stand, each with its reason,
  # as annotations at what they are about.
  local file code=0 said
  for file in "$K8S"/rendered/*.yaml; do
    said=$("$KUBE_SCORE" score --ignore-container-cpu-limit --exit-one-on-warning --output-format ci --kubernetes-version v1.35 "$file") || {
      printf '%s:\n%s\n' "$(basename "$file")" "$(grep -v '^\[OK\]\|^\[SKIPPED\]' <<<"$said")"
      code=1
    }
  done
  return "$code"
}
k8s_readme() {
  "$HELM_DOCS" --chart-search-root "$CHART" --template-files README.md.gotmpl --dry-run --log-level warning >"$K8S/README.md" &&
    diff -u "$CHART/README.md" "$K8S/README.md"
}

# Which cluster there is: kubeconfig, kind or kit.
k8s_ground() {
  if [[ -n ${KUBECONFIG:-} ]]; then
    echo kubeconfig
  elif have kind && { docker info || podman info; } >/dev/null 2>&1; then
    echo kind
  elif [[ -x $XIAOAN_K8S_KIT/cluster ]] && "$XIAOAN_K8S_KIT/cluster" ready; then
    echo kit
  fi
}
# Words for whoever has none.
k8s_no_cluster() {
  warn "!! charts/xiaoan: CLUSTER TIER NOT RUN: no KUBECONFIG, no kind with an engine, and the kit at $XIAOAN_K8S_KIT is not built"
  warn "!! ($XIAOAN_K8S_KIT/cluster build, once, takes 10 to 25 minutes)"
}
k8s_kubectl() {
  case $K8S_GROUND in
    kit) "$XIAOAN_K8S_KIT/cluster" kubectl "$@" ;;
    *) kubectl "$@" ;;
  esac
}
k8s_helm() {
  case $K8S_GROUND in
    kit) "$XIAOAN_K8S_KIT/cluster" run "$HELM" "$@" ;;
    *) "$HELM" "$@" ;;
  esac
}
# k8s_in_cluster COMMAND…: where the addresses of the cluster can be reached (the kit lives in a network of its own).
k8s_in_cluster() {
  case $K8S_GROUND in
    kit) "$XIAOAN_K8S_KIT/cluster" run "$@" ;;
    *) "$@" ;;
  esac
}

# A cluster with PostgreSQL and three nodes of NATS, and the chart on it, with what cargo has built (debug, or XIAOAN_K8S_PROFILE).
k8s_up() {
  local started
  started=$(now_ms)
  K8S_GROUND=$(k8s_ground)
  if [[ -z $K8S_GROUND ]]; then
    k8s_no_cluster
    return 1
  fi
  k8s_tools || die "no Go to build helm with"
  mkdir -p "$K8S"
  say "cluster: $K8S_GROUND"
  if [[ $K8S_GROUND == kit ]]; then
    step "image of what is built" k8s_image || return 1
    "$XIAOAN_K8S_KIT/cluster" kubectl version >/dev/null 2>&1 ||
      step "cluster of the kit" "$XIAOAN_K8S_KIT/cluster" up "$K8S/image.tar" postgres nats || return 1
  elif [[ $K8S_GROUND == kind ]]; then
    kind get clusters 2>/dev/null | grep -qx xiaoan || step "cluster of kind" kind create cluster --config "$ROOT/deploy/dev/kind.yaml" || return 1
    step "image" docker build --tag localhost/xiaoan:dev --build-arg PROFILE=release "$ROOT" || return 1
    step "image into kind" kind load docker-image localhost/xiaoan:dev --name xiaoan || return 1
  fi
  step "namespaces, PostgreSQL, NATS" k8s_dependencies || return 1
  step "secrets" k8s_secrets || return 1
  step "databases and roles" k8s_databases || return 1
  step "helm upgrade --install" k8s_install || {
    k8s_kubectl get pods,jobs --namespace "$K8S_NAMESPACE" --output wide >&2 || true
    return 1
  }
  say "${BOLD}up${PLAIN} in $(seconds_since "$started")"
}
k8s_bin() { printf '%s' "${CARGO_TARGET_DIR:-$ROOT/target}/${XIAOAN_K8S_PROFILE:-debug}/$1"; }
k8s_image() {
  local name adds=()
  for name in "${SERVICES[@]}" xiaoan; do
    [[ -x $(k8s_bin "$name") ]] || { echo "$(k8s_bin "$name") is not built"; return 1; }
    # Symbols of a debug build are nine tenths of it.
    strip --strip-debug -o "$K8S/$name.bin" "$(k8s_bin "$name")" || return 1
    adds+=(--add "$K8S/$name.bin:/usr/local/bin/$name")
  done
  "$XIAOAN_K8S_KIT/cluster" image "$K8S/image.tar" localhost/xiaoan:dev --rootfs "$("$XIAOAN_K8S_KIT/cluster" base)" \
    "${adds[@]}" --user 65532 -- /usr/local/bin/xiaoan || return 1
  rm -f "$K8S"/*.bin
}
k8s_dependencies() {
  k8s_kubectl apply --filename "$ROOT/dev.d/k8s/ground.yaml" &&
    k8s_kubectl rollout status statefulset/postgres statefulset/nats --namespace ground --timeout 120s
}
# Keys, tokens and certificates like those of ./dev up, made once and kept in .dev/k8s.
k8s_secrets() {
  local keys=$K8S/keys bin key service owner='' app='' args
  bin=$(k8s_bin xiaoan)
  key=$keys/signing-key.pem
  mkdir -p "$keys" && chmod 700 "$keys"
  [[ -s $keys/jwks.json ]] || "$bin" token keygen "$keys" || return 1
  make_kek "$keys/kek" || return 1
  [[ -s $keys/ca.crt ]] || k8s_certificates "$keys" || return 1
  mint "$bin" "$key" "$keys/service-token" --subject k8s-services --role service || return 1
  mint "$bin" "$key" "$keys/token" --subject k8s-hq --role officer,registrar,hq || return 1
  for service in "${SERVICES[@]}"; do
    owner+=" --from-literal=$service=postgres://xiaoan_owner:owner@postgres.ground.svc.cluster.local:5432/$service"
    app+=" --from-literal=$service=postgres://xiaoan_app:app@postgres.ground.svc.cluster.local:5432/$service"
  done
  # shellcheck disable=SC2086
  for args in "xiaoan-database $app" "xiaoan-database-owner $owner" \
    "xiaoan-person-keys --from-file=kek=$keys/kek" "xiaoan-service-token --from-file=token=$keys/service-token" \
    "xiaoan-tls --type=kubernetes.io/tls --from-file=tls.crt=$keys/tls.crt --from-file=tls.key=$keys/tls.key --from-file=ca.crt=$keys/ca.crt"; do
    k8s_kubectl create secret generic $args --namespace "$K8S_NAMESPACE" --dry-run=client --output yaml |
      k8s_kubectl apply --filename - || return 1
  done
  k8s_kubectl create configmap xiaoan-jwks --from-file=jwks.json="$keys/jwks.json" --namespace "$K8S_NAMESPACE" --dry-run=client --output yaml |
    k8s_kubectl apply --filename -
}
# One authority, one certificate for all services: enough for a cluster that is thrown away.
k8s_certificates() {
  local service names='DNS:localhost'
  for service in "${SERVICES[@]}"; do
    names+=,DNS:xiaoan-$service.$K8S_NAMESPACE.svc.cluster.local,DNS:xiaoan-$service-headless.$K8S_NAMESPACE.svc.cluster.local
  done
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj /CN=xiaoan-dev-ca \
    -addext basicConstraints=critical,CA:TRUE -keyout "$1/ca.key" -out "$1/ca.crt" &&
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj /CN=xiaoan-dev -CA "$1/ca.crt" -CAkey "$1/ca.key" \
      -addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=serverAuth,clientAuth -addext "subjectAltName=$names" \
      -keyout "$1/tls.key" -out "$1/tls.crt"
}
k8s_databases() {
  k8s_kubectl delete job databases --namespace ground --ignore-not-found &&
    k8s_kubectl apply --filename "$ROOT/dev.d/k8s/databases.yaml" &&
    k8s_kubectl wait job/databases --namespace ground --for=condition=complete --timeout 60s
}
k8s_install() {
  k8s_helm upgrade --install xiaoan "$CHART" --namespace "$K8S_NAMESPACE" --values "$ROOT/dev.d/k8s/values.yaml" --wait --timeout 5m "$@"
}

k8s_down() {
  K8S_GROUND=$(k8s_ground)
  case $K8S_GROUND in
    kit) step "cluster of the kit down" "$XIAOAN_K8S_KIT/cluster" down ;;
    kind) step "cluster of kind down" kind delete cluster --name xiaoan ;;
    kubeconfig)
      k8s_tools || die "no Go to build helm with"
      k8s_helm uninstall xiaoan --namespace "$K8S_NAMESPACE" --wait || true
      k8s_kubectl delete --filename "$ROOT/dev.d/k8s/ground.yaml" --ignore-not-found
      ;;
    *) say "nothing to take down" ;;
  esac
}

# The cluster tier: up, every step of test_cluster.py, and (without --keep) down. Words after it choose steps by their names.
k8s_test() {
  local keep=no code=0 words=()
  while (($#)); do
    if [[ $1 == --keep ]]; then keep=yes; else words+=("$1"); fi
    shift
  done
  k8s_static || code=1
  K8S_GROUND=$(k8s_ground)
  if [[ -z $K8S_GROUND ]]; then
    k8s_no_cluster
    return 1
  fi
  if [[ $K8S_GROUND != kit ]]; then
    # Addresses of the cluster are not reached from here: what needs the command line runs inside, as helm test.
    k8s_up && step "helm test" k8s_helm test xiaoan --namespace "$K8S_NAMESPACE" --timeout 3m || code=1
    warn "!! on $K8S_GROUND only install and helm test ran; load, faults and policies are tried on the kit"
    return "$code"
  fi
  if [[ $K8S_SHOWN != yes ]]; then
    warn "✗ charts/xiaoan: no API server was shown every ci/*-values.yaml, though the kit is there"
    code=1
  fi
  k8s_up || code=1
  if ((code == 0)); then k8s_steps "${words[@]}" || code=1; fi
  [[ $keep == yes ]] || k8s_down
  return "$code"
}
k8s_steps() {
  local cluster=$XIAOAN_K8S_KIT/cluster kept=$TOOLS/integrate/python made=$K8S/made service
  "$ROOT/docs/integrate/python/run" prepare || return 1
  rm -rf "$made" && mkdir -p "$made"
  (cd "$ROOT/proto" && "$kept/venv/bin/python" -m grpc_tools.protoc --proto_path=. --python_out="$made" --grpc_python_out="$made" \
    xiaoan/{core,cases,eventlog}/v1/*.proto) || return 1
  # Names of the cluster are known in the kit's network only, and there to whoever asks its DNS.
  printf 'nameserver 10.10.0.1\noptions ndots:1\n' >"$K8S/resolv.conf"
  "$cluster" run mount --bind "$K8S/resolv.conf" /etc/resolv.conf || return 1
  (
    for service in "${SERVICES[@]}"; do
      export "XIAOAN_${service^^}_URL=https://xiaoan-$service.$K8S_NAMESPACE.svc.cluster.local:7100"
    done
    export XIAOAN_CA_FILE=$K8S/keys/ca.crt XIAOAN_CLIENT_CERT=$K8S/keys/tls.crt XIAOAN_CLIENT_KEY=$K8S/keys/tls.key
    export XIAOAN_TOKEN_FILE=$K8S/keys/token AUDIT_TOKEN_FILE=$K8S/keys/service-token K8S_NAMESPACE XIAOAN XIAOAN_LANG=en PYTHONDONTWRITEBYTECODE=1
    XIAOAN=$(k8s_bin xiaoan)
    export PYTHONPATH=$made:$ROOT/docs/integrate/python LOAD_PYTHON=$kept/venv/bin/python
    KUBECTL="[\"$cluster\", \"kubectl\"]" HELM="[\"$cluster\", \"run\", \"$HELM\"]" RUN="[\"$cluster\", \"run\"]" \
      python3 "$ROOT/dev.d/k8s/test_cluster.py" "$@"
  )
}
